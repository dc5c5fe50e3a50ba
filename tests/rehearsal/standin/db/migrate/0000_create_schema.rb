class CreateSchema < ActiveRecord::Migration[6.1]
  def change
    create_table(:notes) {|t| t.text :body }
    create_table(:photos) {|t| t.string :name }
  end
end
