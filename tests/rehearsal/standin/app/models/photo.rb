class Photo < ActiveRecord::Base
  COLUMNS = column_names.freeze
end
