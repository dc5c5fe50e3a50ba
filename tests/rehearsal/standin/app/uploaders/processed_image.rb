# What the job puts in its place.
class ProcessedImage < UnprocessedImage
  include CarrierWave::MiniMagick

  def extension_allowlist = %w[webp]
  process convert: "webp"
  process resize_to_limit: [700, 700]
end
