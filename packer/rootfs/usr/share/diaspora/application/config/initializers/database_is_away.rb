# While the database wakes or is gone, everybody is asked to come back: people by a page that reloads by
# itself, which nginx shows for a 503, other pods by their own next try. diaspora* would say 500, which
# looks like a fault, and some pods give up at it.
class DatabaseIsAway
  def initialize(app)
    @app = app
  end

  def call(env)
    @app.call(env)
  rescue StandardError => e
    raise unless away?(e)

    Rails.logger.warn("the database is away: #{e.message.lines.first}")
    [503, {"Content-Type" => "text/plain"}, []]
  end

  private

  # What a view raises carries its reason inside.
  def away?(error)
    return false if error.nil?

    error.is_a?(ActiveRecord::ConnectionNotEstablished) || error.is_a?(PG::ConnectionBad) || away?(error.cause)
  end
end
Rails.application.config.middleware.insert_after(ActionDispatch::DebugExceptions, DatabaseIsAway)
