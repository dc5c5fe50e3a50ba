# As in diaspora*: it says what a job does for it.
class User < ActiveRecord::Base
end
