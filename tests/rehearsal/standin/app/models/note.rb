# What arrived from another pod, kept by a job.
class Note < ActiveRecord::Base
  COLUMNS = column_names.freeze
end
