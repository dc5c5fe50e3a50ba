# For previews of links, and for posts of other pods, strangers' servers are asked. diaspora* reads what
# they answer to its end: a page of 1.5 GB took sidekiq from 232 to 3,281 MB.
LARGEST_ANSWER = 4 * 1024 * 1024

if defined?(Typhoeus)
  Typhoeus.before do |request|
    request.options[:maxfilesize] ||= LARGEST_ANSWER
  end
end

# oEmbed's own way to fetch knows no bound, and searches all of what came with patterns. Late: diaspora*
# loads it in an initializer that comes after this one.
Rails.application.config.after_initialize do
  next unless defined?(OEmbed::HttpHelper)

  module OEmbed::HttpHelper
    private

    def http_get(uri, options={})
      answer = Typhoeus.get(uri.to_s, followlocation: true, maxredirs: 4, timeout: options[:timeout] || 25)
      raise OEmbed::NotFound, uri if answer.code == 404
      raise OEmbed::UnknownResponse, answer.code.to_s unless answer.success?

      answer.body
    end
  end
end
