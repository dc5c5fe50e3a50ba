# Where the bucket is away, there is no photo to make small. CarrierWave takes a file that is not there
# for nothing to do, and the job would be done without having done it. So it fails, and is tried again.
module PhotoIsThere
  def store!(photo=nil)
    raise Errno::ENOENT, photo.path if photo&.path && !File.size?(photo.path)

    super
  end
end
Rails.application.config.to_prepare { ProcessedImage.prepend(PhotoIsThere) }
