class AddProcessedToPhotos < ActiveRecord::Migration[6.1]
  def change
    add_column :photos, :processed, :boolean, default: false, null: false
    execute "SELECT pg_sleep(1)" # long enough that a second migration meets the first
  end
end
