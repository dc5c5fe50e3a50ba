options = AppConfig.environment.redis.get ? {url: AppConfig.environment.redis.get} : {}
Sidekiq.configure_client {|config| config.redis = options }
Sidekiq.configure_server do |config|
  config.redis = options
  UUID.generator.next_sequence
end

# As in diaspora*: these seven, in this order, or the file is written anew.
DAILY = %i[check_birthday clean_cached_files cleanup_old_exports cleanup_pending_photos
           queue_users_for_removal recheck_scheduled_pods recurring_pod_check].freeze
SCHEDULE = Rails.root.join("config", "schedule.yml")
if Sidekiq.server?
  unless SCHEDULE.exist? && YAML.load_file(SCHEDULE).keys == DAILY
    SCHEDULE.write(DAILY.to_h {|job| [job, {cron: "0 4 * * *", class: "Workers::#{job.to_s.camelize}"}] }.to_yaml)
  end
  Rails.application.reloader.to_prepare { Sidekiq::Cron::Job.load_from_hash YAML.load_file(SCHEDULE) }
end
