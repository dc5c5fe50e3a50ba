# Two machines live while one comes after the other, and each does what is due meanwhile; a job that was
# killed is done anew. Of the daily jobs one does not bear it: it would congratulate twice. So whoever is
# told of a birthday is told once: two who come at once come one after the other.
module BirthdayOnce
  def notify(contact, recipients)
    contact.user.with_lock do
      super unless exists?(recipient: contact.user, target: contact.person, created_at: 12.hours.ago..)
    end
  end
end

if defined?(DiasporaFederation)
  Rails.application.config.to_prepare do
    Notifications::ContactsBirthday.singleton_class.prepend(BirthdayOnce)
  end
end
