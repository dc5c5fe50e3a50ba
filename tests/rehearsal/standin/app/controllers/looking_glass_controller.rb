# Shows what the application sees and has read; of secrets, their SHA-256.
class LookingGlassController < ActionController::Base
  def whoami
    sent = request.env.select {|name, _| name.start_with?("HTTP_") }
    render json: {host: request.host, address: request.ip, remote: request.remote_ip, scheme: request.scheme,
                  ascii: IDN::Idna.toASCII(request.host), headers: sent}
  end

  def settings
    render json: {
      toml:         hide(TomlRB.load_file(SETTINGS_FILE)["configuration"]),
      database:     hide(ActiveRecord::Base.connection_db_config.configuration_hash),
      secret_token: sha256(Diaspora::Application.config.secret_key_base),
      oidc_key:     sha256(OidcKey::FILE.read),
      schedule:     YAML.load_file(SCHEDULE)
    }
  end

  def slow
    sleep params[:seconds].to_i
    head :no_content
  end

  private

  def hide(table)
    table.to_h do |key, value|
      value = hide(value) if value.is_a?(Hash)
      [key, key.to_s == "password" ? sha256(value) : value]
    end
  end

  def sha256(text) = Digest::SHA256.hexdigest(text)
end
