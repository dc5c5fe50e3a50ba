# As in diaspora*: made where it is missing, so a build leaves one behind.
file = Rails.root.join("config", "initializers", "secret_token.rb")
unless file.exist?
  file.write("Diaspora::Application.config.secret_key_base = '#{SecureRandom.hex(40)}'\n")
end
require file
