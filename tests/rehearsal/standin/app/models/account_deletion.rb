class AccountDeletion < ActiveRecord::Base
  scope :uncompleted, -> { where(completed_at: nil) }

  def queue_delete_account = Workers::DeleteAccount.perform_async(id)
end
