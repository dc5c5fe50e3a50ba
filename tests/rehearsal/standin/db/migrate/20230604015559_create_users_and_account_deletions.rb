class CreateUsersAndAccountDeletions < ActiveRecord::Migration[6.1]
  def change
    create_table(:users) {|t| t.boolean :exporting, :exporting_photos, default: false }
    create_table(:account_deletions) {|t| t.datetime :completed_at }
  end
end
