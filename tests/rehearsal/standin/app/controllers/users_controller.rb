class UsersController < ActionController::Base
  before_action :authenticate_user!

  # As in diaspora*: to the file of whoever asks, under a name that nobody guesses.
  def download_profile = redirect_to("/uploads/users/diaspora_#{@user}_data_token.json.gz")
  def download_photos = redirect_to("/uploads/users/diaspora_#{@user}_photos_token.zip")

  private

  # There are no accounts: people are whom they say they are.
  def authenticate_user!
    @user = cookies[:user]
    redirect_to "/users/sign_in" unless @user
  end
end
