# A mail server that offers no TLS would otherwise be told the login in clear text.
ActiveSupport.on_load(:action_mailer) do
  self.smtp_settings = smtp_settings.merge(enable_starttls: true)
end
