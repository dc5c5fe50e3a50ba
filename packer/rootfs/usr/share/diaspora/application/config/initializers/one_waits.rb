require Rails.root.join("lib/one_waits")

# Pages wait so. A job has time, and a thread of its own to wait in.
ActiveRecord::ConnectionAdapters::ConnectionPool.prepend(OneWaits::Door) unless Sidekiq.server?
