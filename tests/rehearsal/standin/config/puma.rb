require_relative "load_config"

pidfile AppConfig.server.pid.get
bind AppConfig.server.listen.get
workers 0
