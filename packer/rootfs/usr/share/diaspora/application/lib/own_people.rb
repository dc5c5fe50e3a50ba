require "rack/mock"
require_relative "database_traces"

# What was true of the pod's own people when the database was last awake, and what the application says
# of them to whoever looks them up. It is known only while nobody has been connected since, and nothing
# is known where that is not sure: then everything is asked for, as if this were not there.
class OwnPeople
  # With more of them, the database does not sleep anyway.
  MOST = 300
  # Nobody's.
  NOBODY = "-".freeze
  WEBFINGER = "/.well-known/webfinger?resource=".freeze
  HCARD = "/hcard/users/".freeze
  # All that an answer depends on goes into the sum, with the times of changes.
  ALL = <<~SQL.freeze
    SELECT people.guid, people.diaspora_handle, people.owner_id,
           md5(concat(people.*, profiles.*, users.username))
    FROM people JOIN users ON users.id = people.owner_id LEFT JOIN profiles ON profiles.person_id = people.id
    LIMIT #{MOST + 1}
  SQL

  # One of them; also nobody, who has no owner, and whose answers are that there is none.
  Person = Struct.new(:guid, :handle, :owner, :sum, :webfinger, :hcard)
  # All of them, by guid and by handle, and what connections there had been by then.
  Known = Struct.new(:guids, :handles, :nobody, :traces) do
    def by_guid(guid) = guids.fetch(guid, nobody)
    def by_handle(handle) = handles.fetch(handle, nobody)
  end

  # The application is what answers without this.
  def initialize(app)
    @app = app
    @people = {}
    @in_use = true
    @starting = Mutex.new
  end

  # Nil: not known.
  def known
    known = @known
    return if known.nil?

    traces = DatabaseTraces.new
    known if traces.open.zero? && traces.since(known.traces).zero?
  end

  # Called at each request: so it is done in the process that answers, whoever forked that.
  def watch
    return if @watch&.alive?

    @starting.synchronize do
      @watch = Thread.new { loop { look; sleep 1 } } unless @watch&.alive?
    end
  end

  private

  # The last connection has just been closed: the database is awake for minutes more.
  def look
    traces = DatabaseTraces.new
    if traces.open.positive?
      @known = nil
      @in_use = true
    elsif @in_use || traces.since(@traces).nonzero?
      @known = nil
      @in_use = false
      learn(traces)
    end
  end

  # Once; where it fails, nothing is known until somebody has been connected again.
  def learn(before)
    people = Rails.application.executor.wrap { ask }
  rescue StandardError => e
    Rails.logger.warn("nothing is known of the pod's people: #{e.class}: #{e.message.lines.first}")
  ensure
    ActiveRecord::Base.connection_pool.flush!
    @traces = DatabaseTraces.new
    # Anybody else may have changed meanwhile what was read, which took one connection.
    alone = @traces.open.zero? && @traces.since(before) == 1
    @known = whole(people) if people && alone
  end

  # Whoever is as before is not asked about again.
  def ask
    rows = ActiveRecord::Base.connection.select_rows(ALL)
    return if rows.size > MOST

    rows << [NOBODY, NOBODY, nil, nil]
    @people = rows.to_h {|guid, handle, owner, sum| [guid, as_before(guid, sum) || person(guid, handle, owner, sum)] }
  end

  def as_before(guid, sum)
    before = @people[guid]
    before if before&.sum == sum
  end

  def person(guid, handle, owner, sum)
    Person.new(guid, handle, owner, sum, answer_to(WEBFINGER + handle), answer_to(HCARD + guid))
  end

  # What the application says: anything else would be told of nobody.
  def answer_to(path)
    env = Rack::MockRequest.env_for(AppConfig.url_to(path), "rack.session" => {})
    status, headers, body = @app.call(Rails.application.env_config.merge(env))
    text = +""
    body.each {|part| text << part }
    raise "#{status} at #{path}" unless [200, 404].include?(status)

    [status, headers.to_h.freeze, text.freeze].freeze
  ensure
    body.close if body.respond_to?(:close)
  end

  def whole(people)
    nobody = people.fetch(NOBODY)
    Known.new(people.except(NOBODY), people.except(NOBODY).values.index_by(&:handle), nobody, @traces).freeze
  end
end
