require_relative "database_traces"

# Strangers may wake the database a few times a day, and look around for a while each time. While it
# sleeps they are else turned away, and while somebody else uses it they are not.
#
# Who is a stranger is known without asking the database, and so is whether a page asks it: when it
# wants a connection.
class Strangers
  A_DAY = 4
  DAY = 24 * 60 * 60
  # As long as it takes to wake, to come back, and to read; the database stays awake for longer anyway.
  VISIT = 120
  # How long a connection is kept after its use, at most.
  KEPT = 10
  # Between here and nginx, which has a page for it and makes it a 503.
  TURNED_AWAY = 599
  GUEST = :pod_guest
  # Where people log in, where mails lead, what other pods and applications ask.
  ALWAYS = %r{
    \A/(users/(sign_in|sign_out|password)\b|confirm_email/|i/|
    receive/|fetch/|hcard/|\.well-known/|nodeinfo/|statistics\b|api/)
  }x
  # A form that somebody fills in is seen with one wake, and sent with the next.
  SIGN_UP = %r{\A/(users|simple_captcha)\z}

  # A thread's guest is asked for leave whenever it wants a connection.
  module AskLeave
    def checkout(*)
      Thread.current[GUEST]&.call(self)
      super
    end
  end

  def initialize(app)
    @app = app
    @lock = Mutex.new
    @wakes = []
    @visit_ends = @used = -DAY
  end

  def call(env)
    Thread.current[GUEST] = stranger?(ActionDispatch::Request.new(env)) ? method(:stranger) : method(:somebody)
    catch(TURNED_AWAY) { @app.call(env) }
  ensure
    Thread.current[GUEST] = nil
  end

  private

  def stranger?(request)
    return false if request.path_info.match?(ALWAYS)
    # Reading a session that is not there would make one.
    return !invited?(request) unless request.has_header?("HTTP_COOKIE")

    !(request.session["warden.user.user.key"] || request.cookie_jar.signed["remember_user_token"] || invited?(request))
  end

  def invited?(request)
    case request.path_info
    when "/users/sign_up" then request.GET.key?("invite")
    when SIGN_UP then request.has_header?("HTTP_COOKIE") && request.session.key?("_csrf_token")
    end
  end

  def somebody(_pool)
    @used = now
  end

  # No rescue of the application's stops it on its way.
  def stranger(pool)
    throw(TURNED_AWAY, [TURNED_AWAY, {}, []]) unless @lock.synchronize { leave?(pool) }
  end

  def leave?(pool)
    return true if now < @visit_ends || others?(pool)

    @wakes.reject! {|at| at < now - DAY }
    return false if @wakes.size >= A_DAY

    @wakes << now
    @visit_ends = now + VISIT
    Rails.logger.warn("a stranger may wake the database, #{@wakes.size} of #{A_DAY} within a day")
    true
  end

  # Not for strangers alone, or one who asks often would keep it awake.
  def others?(pool)
    open = DatabaseTraces.new.open
    open > pool.connections.size || (open.positive? && now < @used + KEPT)
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
