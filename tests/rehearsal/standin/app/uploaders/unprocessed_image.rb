# What the web request stores: the full-size original, already under the final names.
class UnprocessedImage < CarrierWave::Uploader::Base
  attr_accessor :name

  def store_dir = "uploads/images"
  def extension_allowlist = %w[jpg jpeg png]
  def filename = "#{name}.webp"
  version :scaled_full
end
