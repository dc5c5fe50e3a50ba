require_relative "config/environment"
use Rack::Deflater
run Rails.application
