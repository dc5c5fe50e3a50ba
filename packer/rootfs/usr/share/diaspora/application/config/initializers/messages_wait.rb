# What other pods send can wait, and so can what they did not take at the first try: each alone would wake
# the database, which is then paid for minutes. It waits in a queue of its own until the database is in use
# anyway, the oldest has waited long enough, or too much waits. Nothing else ever waits: that queue has
# threads of its own, which rest meanwhile.
require "sidekiq/fetch"
require Rails.root.join("lib/database_sleep")

module MessagesWait
  QUEUE = "patient".freeze
  WAITING = "queue:#{QUEUE}".freeze
  MOST = 300
  # Redis holds 128 MB, and what it cannot hold it refuses.
  MOST_BYTES = 16 * 1024 * 1024

  RECEIVED = %w[Workers::ReceivePublic Workers::ReceivePrivate].freeze
  # Where the count of tries stands in a job's arguments; at the first it is not there.
  TRIES = {"Workers::SendPublic" => 4, "Workers::SendPrivate" => 3}.freeze

  # Each job comes by here when it is queued, and again when it is due once more.
  class Sorter
    def call(_worker, job, _queue, _redis)
      if waits?(job)
        # Where it goes when it has failed: it comes by here again, or no longer, if nothing is to wait.
        job["retry_queue"] ||= job["queue"]
        job["queue"] = QUEUE
      end
      yield
    end

    private

    def waits?(job)
      # It is to be done at a time of its own, and comes by again at that time.
      return false if job.key?("at")

      name = job["class"].to_s
      RECEIVED.include?(name) || (TRIES.key?(name) && job["args"][TRIES[name]].to_i.positive?)
    end
  end

  # Open or closed, looked up once a second. Whatever is doubtful opens it.
  class Gate
    def initialize
      @lock = Mutex.new
    end

    def open?
      @lock.synchronize do
        now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        look(now) if @looked.nil? || now - @looked >= 1
        !@reason.nil?
      end
    end

    private

    def look(now)
      reason = reason_to_open
      Sidekiq.logger.info("messages need not wait: #{reason}") if reason && @reason.nil?
      @looked = now
      @reason = reason
    end

    def reason_to_open
      return "the database is in use" if DatabaseSleep.in_use?

      length, bytes, oldest = queue
      return if length.zero?

      return "#{length} of #{bytes} bytes wait" if length >= MOST || bytes >= MOST_BYTES

      waited = Time.now.to_f - Float(Sidekiq.load_json(oldest)["enqueued_at"])
      # Less than nothing: the clock was set back, and nobody knows how long it was.
      "the oldest has waited for #{waited.round} s" unless waited.between?(0, DatabaseSleep::PATIENCE)
    rescue StandardError => e
      "#{e.class}: #{e.message}"
    end

    def queue
      Sidekiq.redis do |redis|
        redis.pipelined do |commands|
          commands.call("LLEN", WAITING)
          commands.call("MEMORY", "USAGE", WAITING, "SAMPLES", 0)
          commands.call("LINDEX", WAITING, -1)
        end
      end
    end
  end

  GATE = Gate.new

  # A thread that has no queue to ask rests for two seconds.
  class Fetch < Sidekiq::BasicFetch
    def queues_cmd
      @queues == [WAITING] && !GATE.open? ? [] : super
    end
  end
end

if DatabaseSleep.on?
  Sidekiq.configure_client {|config| config.client_middleware {|chain| chain.add(MessagesWait::Sorter) } }
  Sidekiq.configure_server do |config|
    config.client_middleware {|chain| chain.add(MessagesWait::Sorter) }
    config[:fetch_class] = MessagesWait::Fetch
    config.capsule(MessagesWait::QUEUE) do |capsule|
      capsule.queues = [MessagesWait::QUEUE]
      capsule.concurrency = config.concurrency
    end
  end
else
  # What waits since an earlier boot is done at once, after everything else.
  Sidekiq.configure_server {|config| config.queues = [*config.queues, MessagesWait::QUEUE] }
end
