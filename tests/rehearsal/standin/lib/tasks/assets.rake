# As in diaspora*: the error pages are made with the assets.
Rake::Task["assets:precompile"].enhance do
  [404, 422, 500].each do |code|
    Rails.public_path.join("#{code}.html").write("<h1>#{code}</h1><p>#{AppConfig.admins.podmin_email}</p>\n")
  end
end
