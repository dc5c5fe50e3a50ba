class ReceiveController < ActionController::Base
  skip_forgery_protection

  def public
    Workers::ReceivePublic.perform_async(params.fetch(:xml))
    head :accepted
  end

  def queue
    Workers.const_get(params[:worker]).perform_async(*JSON.parse(params[:arguments]))
    head :accepted
  end

  def index = render(json: {received: Note.order(:id).pluck(:body)})
end
