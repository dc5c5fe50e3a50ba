require_relative "boot"
require "logger"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "sprockets/railtie"

Bundler.require(*Rails.groups("postgresql"))

module Diaspora
  class Application < Rails::Application
    config.load_defaults 6.1
    # What reads columns is loaded at the start: without a database there is none.
    config.eager_load = true
    config.log_level = :info
    config.active_record.dump_schema_after_migration = false
    config.action_dispatch.default_headers = {"X-Frame-Options"        => "SAMEORIGIN",
                                              "X-Content-Type-Options" => "nosniff"}
    config.assets.compile = false
    config.assets.paths << root.join("node_modules")
  end
end
