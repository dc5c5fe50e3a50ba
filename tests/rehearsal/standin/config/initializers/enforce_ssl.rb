Rails.application.config.middleware.insert_before 0, Rack::SSL if AppConfig.environment.require_ssl?
