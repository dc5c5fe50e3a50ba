require_relative "database_traces"

# A tab that was left open asks for notifications every five minutes. While nobody is connected to the
# database there are no new ones, and diaspora*'s script takes no content for that.
class OpenTabs
  PAGE = {"per_page" => "10", "page" => "1"}.freeze
  # A page's first question may come late, from a telephone far out.
  LOADING = 60

  def initialize(app)
    @app = app
    @page_at = -LOADING
  end

  def call(env)
    request = Rack::Request.new(env)
    if poll?(request)
      return [204, {}, []] if now > @page_at + LOADING && DatabaseTraces.new.open.zero?
    elsif request.has_header?("HTTP_COOKIE")
      @page_at = now
    end
    @app.call(env)
  end

  private

  # app/assets/javascripts/app/collections/notifications.js
  def poll?(request)
    request.get? && request.path_info == "/notifications" && request.xhr? && request.GET == PAGE
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
