class PhotosController < ActionController::Base
  skip_forgery_protection

  def create
    name = SecureRandom.hex(10)
    UnprocessedImage.new.tap {|uploader| uploader.name = name }.store!(params.fetch(:qqfile))
    Workers::ProcessPhoto.perform_async(Photo.create!(name: name).id)
    render json: {url: "/uploads/images/#{name}.webp"}
  end
end
