# frozen_string_literal: true

# Run by `diaspora-pod admin NAME EMAIL`, inside the application.
name, email = ARGV
user = User.find_by(username: name)

if user.nil?
  # Printed once and kept nowhere; whoever reads it changes it.
  password = SecureRandom.alphanumeric(20)
  user = User.build(
    username: name, email: email, language: "en",
    password: password, password_confirmation: password
  )
  abort "#{name} cannot be made: #{user.errors.full_messages.join(', ')}" unless user.save
  user.seed_aspects
  puts "The account #{name} is made. Its password, which is shown this once: #{password}"
  puts "Log in at #{AppConfig.pod_uri} and change it."
end

Role.add_admin(user.person) unless user.admin?
puts "#{name} is an admin."
