# As in diaspora*: read when the code is loaded, made where it is missing.
module OidcKey
  FILE = Rails.root.join("config", "oidc_key.pem")
  FILE.write(OpenSSL::PKey::RSA.new(4096).to_pem, perm: 0o600) unless FILE.exist?
  KEY = OpenSSL::PKey::RSA.new(FILE.read)
end
