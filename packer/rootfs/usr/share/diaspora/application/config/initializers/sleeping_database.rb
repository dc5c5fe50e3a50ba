require Rails.root.join("lib/database_traces")
require "active_record/connection_adapters/postgresql_adapter"

# By every process, for not all of them know for how long messages may wait: an admin's command does not.
ActiveRecord::ConnectionAdapters::PostgreSQLAdapter.prepend(DatabaseTraces::Noted)

# What the web server answers while the database sleeps. All of it stands before Warden, which asks the
# database who somebody is; each next one is further inside.
if DatabaseSleep.on?
  require Rails.root.join("lib/strangers")
  require Rails.root.join("lib/open_tabs")
  middleware = Rails.application.config.middleware
  middleware.insert_before(Rack::TempfileReaper, Strangers)
  middleware.insert_before(Rack::TempfileReaper, OpenTabs)
  ActiveRecord::ConnectionAdapters::ConnectionPool.prepend(Strangers::AskLeave)

  if defined?(DiasporaFederation)
    require Rails.root.join("lib/looked_up")
    middleware.insert_before(Rack::TempfileReaper, LookedUp)
  end
end
