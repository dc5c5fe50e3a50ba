# As in diaspora*: settings from diaspora.toml, and no start without them.
require "bundler/setup"
require "configurate"
require "configurate/provider/toml"

def give_up(why)
  warn "FATAL: #{why}"
  exit!
end

SETTINGS_FILE = File.expand_path("diaspora.toml", __dir__)
give_up "Configuration not found. Copy over diaspora.toml.example" unless File.exist?(SETTINGS_FILE)

AppConfig ||= Configurate::Settings.create do
  add_provider Configurate::Provider::Env
  add_provider Configurate::Provider::TOML, SETTINGS_FILE, namespace: "production", required: false
  add_provider Configurate::Provider::TOML, SETTINGS_FILE, namespace: "configuration", required: false
  add_provider Configurate::Provider::YAML, File.expand_path("defaults.yml", __dir__), namespace: "defaults"
end

authorities = AppConfig.environment.certificate_authorities.get.to_s
give_up "Diaspora doesn't know where your certificate authorities are." unless File.file?(authorities)
