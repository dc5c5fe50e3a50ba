# diaspora* counts the logins of each address, in two files each that nobody ever takes away. In memory
# they are bounded, and end with the process.
Rails.cache = ActiveSupport::Cache::MemoryStore.new(size: 8.megabytes)
Rack::Attack.cache.store = Rails.cache if defined?(Rack::Attack)
