# frozen_string_literal: true

# Run by `diaspora-pod admin NAME EMAIL`, inside the application. What is printed may be kept: then there
# is a third word, `mail` or the file that the link to set a password goes to.
name, email, way = ARGV
user = User.find_by(username: name.downcase)

if user.nil?
  # Printed once and kept nowhere; whoever reads it changes it.
  password = SecureRandom.alphanumeric(20)
  user = User.build(
    username: name, email: email, language: "en",
    password: password, password_confirmation: password
  )
  abort "#{name} cannot be made: #{user.errors.full_messages.join(', ')}" unless user.save
  user.seed_aspects
  puts "The account #{name} is made."
  if way.nil?
    puts "Its password, which is shown this once: #{password}"
    puts "Log in at #{AppConfig.pod_uri} and change it."
  end
end

if way == "mail"
  user.send_reset_password_instructions
  puts "A mail to its address says how to set its password."
elsif way
  token = user.send(:set_reset_password_token)
  File.write(way, "#{AppConfig.pod_uri}users/password/edit?reset_password_token=#{token}\n")
end

Role.add_admin(user.person) unless user.admin?
puts "#{name} is an admin."
