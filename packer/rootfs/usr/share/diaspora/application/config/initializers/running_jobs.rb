require "digest"
require "sidekiq/api"
require "sidekiq/fetch"

# sidekiq takes a job out of the queue before it does it: what runs when the process is killed would be
# gone. So each job stands in Redis while it runs; the next process puts back what it finds there. A job
# that was found there three times may be what kills: it is set aside, among those that failed for good.
module RunningJobs
  # By a sum of each job's text, for that can be told without reading it.
  KEY = "diaspora:running".freeze
  MOST_KILLS = 3
  # Seconds: an update restarts Redis. What was done and still stands there would be done once more.
  PATIENCE = 30
  # Between a thread's two questions others may run for a long time: both are one.
  TAKE = <<~LUA.freeze
    for _, queue in ipairs(KEYS) do
      local job = redis.call('RPOP', queue)
      if job then
        redis.call('HSET', ARGV[1], redis.sha1hex(job), job)
        return {queue, job}
      end
    end
  LUA

  # For whoever takes jobs out of queues.
  module Fetch
    # Where there is nothing to take it is waited for, and so is the next one until one came. Redis does not
    # wait in a script: what comes then is noted by a second call, as soon as its thread has the processor.
    def retrieve_work
      work = take unless @empty
      @empty = work.nil?
      return work if work

      super.tap do |waited|
        next if waited.nil?

        RunningJobs.note(waited.job)
        @empty = false
      end
    end

    # At a stop that has no more time.
    def bulk_requeue(works)
      RunningJobs.give_back(works)
    rescue RedisClient::Error => e
      logger.warn("#{works.size} jobs are left to the next process: #{e.message}")
    end

    private

    def take
      queues = queues_cmd
      return if queues.empty?

      queue, job = redis {|redis| redis.call("EVAL", TAKE, queues.size, *queues, KEY) }
      Sidekiq::BasicFetch::UnitOfWork.new(queue, job, config) if queue
    end
  end

  # For a job that was taken: done, planned anew or set aside; or given back.
  module Work
    def acknowledge = RunningJobs.forget(job)

    def requeue = RunningJobs.give_back([self])
  end

  class << self
    # What cannot be noted, because Redis is full or has just gone, is done without.
    def note(job)
      Sidekiq.redis {|redis| redis.call("HSET", KEY, name(job), job) }
    rescue RedisClient::Error => e
      Sidekiq.logger.warn("a job is done without a note of it: #{e.message}")
    end

    def forget(job)
      tries = 0
      begin
        Sidekiq.redis {|redis| redis.call("HDEL", KEY, name(job)) }
      rescue RedisClient::ConnectionError
        raise if (tries += 1) > PATIENCE

        sleep 1
        retry
      end
    end

    # All of it or nothing: what still stands there, the next process puts back.
    def give_back(works)
      Sidekiq.redis do |redis|
        redis.multi do |all|
          works.each do |work|
            all.call("RPUSH", work.queue, work.job)
            all.call("HDEL", KEY, name(work.job))
          end
        end
      end
    end

    # What the process before this one was killed with. The oldest last: it is the first again, and what
    # waits until it is old enough (messages_wait.rb) is as old as it was.
    def put_back
      found = Sidekiq.redis {|redis| redis.call("HGETALL", KEY) }
      found = found.transform_values {|job| Sidekiq.load_json(job) }
      found.sort_by {|_name, job| -job["enqueued_at"].to_f }.each do |name, job|
        job["kills"] = job["kills"].to_i + 1
        put(job)
        Sidekiq.redis {|redis| redis.call("HDEL", KEY, name) }
      end
    end

    private

    def name(job) = Digest::SHA1.hexdigest(job)

    def put(job)
      if job["kills"] < MOST_KILLS
        Sidekiq.logger.warn("put back, killed #{job['kills']} times: #{job['class']} #{job['jid']}")
        Sidekiq.redis {|redis| redis.call("RPUSH", "queue:#{job['queue']}", Sidekiq.dump_json(job)) }
      else
        Sidekiq::DeadSet.new.kill(Sidekiq.dump_json(job), notify_failure: false)
        Sidekiq.logger.error("set aside, killed #{job['kills']} times: #{job['class']} #{job['jid']}")
      end
    end
  end
end

Sidekiq.configure_server do |config|
  Sidekiq::BasicFetch.prepend(RunningJobs::Fetch)
  Sidekiq::BasicFetch::UnitOfWork.prepend(RunningJobs::Work)
  config.on(:startup) { RunningJobs.put_back }
end
