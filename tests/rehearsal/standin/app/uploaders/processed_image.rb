# What the job puts in its place: WebP, and small but for the first file.
class ProcessedImage < CarrierWave::Uploader::Base
  include CarrierWave::MiniMagick

  attr_accessor :name

  def store_dir = "uploads/images"
  def extension_allowlist = %w[webp]
  def filename = "#{name}.webp"
  process convert: "webp"
  version(:scaled_full) { process resize_to_limit: [700, 700] }
end
