# The front passes no more than 10 MB, and six photos can be an archive of 38. So whoever may have what he
# has exported is not sent to the file: nginx is sent for its address in the bucket, which holds for some
# minutes. By itself nobody's browser gets there.
Rails.application.config.to_prepare do
  UsersController.after_action(only: %i[download_profile download_photos]) do
    response.set_header("X-Accel-Redirect", "/-/exports/#{File.basename(response.location)}")
  end
end
