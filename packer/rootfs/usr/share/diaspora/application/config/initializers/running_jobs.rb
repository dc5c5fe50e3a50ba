require "sidekiq/api"

# sidekiq takes a job out of the queue before it does it: what runs when the process is killed would be
# gone. So each job stands in Redis while it runs; the next process puts back what it finds there. A job
# that was found there three times may be what kills: it is set aside, among those that failed for good.
class RunningJobs
  KEY = "diaspora:running".freeze
  MOST_KILLS = 3

  def call(_worker, job, _queue)
    Sidekiq.redis {|redis| redis.call("HSET", KEY, job["jid"], Sidekiq.dump_json(job)) }
    yield
  ensure
    Sidekiq.redis {|redis| redis.call("HDEL", KEY, job["jid"]) }
  end

  # What the process before this one was killed with. The oldest last: it is the first again, and what
  # waits until it is old enough (messages_wait.rb) is as old as it was.
  def self.put_back
    found = Sidekiq.redis {|redis| redis.call("HVALS", KEY) }.map {|job| Sidekiq.load_json(job) }
    found.sort_by {|job| -job["enqueued_at"].to_f }.each do |job|
      job["kills"] = job["kills"].to_i + 1
      put(job)
      Sidekiq.redis {|redis| redis.call("HDEL", KEY, job["jid"]) }
    end
  end

  def self.put(job)
    if job["kills"] < MOST_KILLS
      Sidekiq.logger.warn("put back, killed #{job['kills']} times: #{job['class']} #{job['jid']}")
      Sidekiq.redis {|redis| redis.call("RPUSH", "queue:#{job['queue']}", Sidekiq.dump_json(job)) }
    else
      Sidekiq::DeadSet.new.kill(Sidekiq.dump_json(job), notify_failure: false)
      Sidekiq.logger.error("set aside, killed #{job['kills']} times: #{job['class']} #{job['jid']}")
    end
  end
end

Sidekiq.configure_server do |config|
  config.server_middleware {|chain| chain.prepend(RunningJobs) }
  config.on(:startup) { RunningJobs.put_back }
end
