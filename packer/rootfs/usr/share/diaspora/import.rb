# frozen_string_literal: true

# Run by `diaspora-pod import NAME FILE...`, inside the application; a file that is not there is "".
name, profile, photos = ARGV
# What is left out, and why, is said in diaspora*'s log only.
Logging.logger.root.appenders = Logging.appenders.stderr(level: :warn)
service = MigrationService.new(profile, name, photo_migration: photos.present?)
found = User.find_by(username: name)

begin
  if profile.present?
    service.validate
    service.perform!
  elsif found.nil?
    abort "There is no account #{name} that photos could belong to."
  end
  ImportService.new.import_by_files(nil, photos, name) if photos.present?
rescue MigrationService::ArchiveValidationFailed => e
  abort "diaspora* refuses the archive: #{e.message}"
rescue MigrationService::MigrationAlreadyExists
  abort "Whoever exported this has moved already."
rescue MigrationService::SelfMigrationNotAllowed
  abort "This is an export of #{name}'s own account."
rescue ActiveRecord::RecordInvalid => e
  abort "#{name} cannot be made: #{e.message}"
end

puts "The account #{name} is made; its first password comes by \"Forgot your password?\"." if found.nil?
puts "#{name} has what was exported. Photos become small one after another."
