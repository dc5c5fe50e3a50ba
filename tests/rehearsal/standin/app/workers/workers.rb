module Workers
  # Keeps what another pod sent, slowly or not at all where that is sent.
  class ReceivePublic
    include Sidekiq::Job
    sidekiq_options queue: :urgent

    def perform(body)
      Process.kill(:KILL, Process.pid) if body == "deadly"
      sleep 5 if body.start_with?("slow")
      raise "not yet" if body == "once more" && Rails.cache.write("failed", true, unless_exist: true)

      Note.create!(body: body)
    end
  end

  class ReceivePrivate
    include Sidekiq::Job
    sidekiq_options queue: :urgent

    def perform(_user, body) = Note.create!(body: body)
  end

  # The count of tries stands where diaspora* has it.
  class SendPublic
    include Sidekiq::Job
    sidekiq_options queue: :medium, retry: 0

    def perform(_sender, text, _urls, _xml, _tries=0) = Note.create!(body: text)
  end

  class SendPrivate
    include Sidekiq::Job
    sidekiq_options queue: :medium, retry: 0

    def perform(_sender, text, _targets, _tries=0) = Note.create!(body: text)
  end

  class Mail
    include Sidekiq::Job
    sidekiq_options queue: :low

    def perform(text) = Note.create!(body: text)
  end

  # Makes the picture small, and WebP.
  class ProcessPhoto
    include Sidekiq::Job

    def perform(id)
      photo = Photo.find(id)
      small = ProcessedImage.new.tap {|uploader| uploader.name = photo.name }
      # By its name, as diaspora* does: it is not open while it is written over.
      small.store!(CarrierWave::SanitizedFile.new("public/uploads/images/#{photo.name}.webp"))
      photo.update!(processed: true)
    end
  end

  class ExportUser
    include Sidekiq::Job

    def perform(id) = User.find(id).update!(exporting: false)
  end

  class DeleteAccount
    include Sidekiq::Job

    def perform(id) = AccountDeletion.find(id).update!(completed_at: Time.now)
  end

  DAILY.each {|name| const_set(name.to_s.camelize, Class.new { include Sidekiq::Job; def perform = nil }) }
end
