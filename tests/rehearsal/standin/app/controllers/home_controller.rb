class HomeController < ActionController::Base
  # As in diaspora*: an own landing page asks nothing of the database.
  def show
    Note.exists? unless Rails.root.join("app/views/home/_show.html.haml").exist?
    render html: "<h1>Welcome</h1>".html_safe
  end

  def sign_in = render(:sign_in)
  def people = render(json: {photos: Photo.count})
  def nodeinfo = render(json: {links: [{href: "#{AppConfig.environment.url}nodeinfo/2.0"}]})
end
