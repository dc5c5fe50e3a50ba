require_relative "own_people"

# While nobody is connected to the database, other pods get from memory what they look up of the pod's
# own people, and their private messages are queued without a question.
class LookedUp
  WEBFINGER = "/.well-known/webfinger".freeze
  HCARD = %r{\A/hcard/users/([\w@:-]+)\z}
  MESSAGE = %r{\A/receive/users/([\w@:-]+)\z}

  def initialize(app)
    @app = app
    @people = OwnPeople.new(app)
  end

  def call(env)
    @people.watch
    request = Rack::Request.new(env)
    found = remembered(request)
    return @app.call(env) if found.nil?

    status, headers, body = found
    [status, headers.dup, [body]]
  end

  private

  def remembered(request)
    case [request.request_method, request.path_info]
    in ["GET", WEBFINGER] then webfinger(request)
    in ["GET", HCARD] then @people.known&.by_guid($1)&.hcard
    in ["POST", MESSAGE] then message($1, request)
    else nil
    end
  end

  # Read as diaspora* reads it.
  def webfinger(request)
    handle = request.GET["resource"]
    return unless handle.is_a?(String) && handle.valid_encoding?

    @people.known&.by_handle(handle.strip.downcase.sub("acct:", ""))&.webfinger
  end

  # Nobody's hcard is what diaspora* says to a message for nobody, too.
  def message(guid, request)
    known = @people.known
    return if known.nil?

    person = known.by_guid(guid)
    return person.hcard if person.owner.nil?

    Workers::ReceivePrivate.perform_async(person.owner, request.body.read)
    [202, {}, ""]
  end
end
