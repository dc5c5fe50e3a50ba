class ReceiveController < ActionController::Base
  skip_forgery_protection

  def public
    Workers::ReceivePublic.perform_async(params.fetch(:xml))
    head :accepted
  end

  def index = render(json: {received: Note.order(:id).pluck(:body)})
end
