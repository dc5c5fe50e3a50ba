# What people write is logged before anybody has asked who they are: a stranger could fill the disk with
# it, and a private message would lie there. Their names stay, and tokens in a path go the same way.
# Late, so that a console still shows a record's attributes.
Rails.application.config.after_initialize do
  Rails.application.config.filter_parameters << /./
end

# sidekiq tells of a job that failed with all that it was given: what other pods send, whoever they are.
Sidekiq.configure_server do |config|
  config.error_handlers.map! do |handler|
    lambda do |error, context, settings|
      context = context.merge(job: context[:job].except("args")) if context[:job]
      handler.call(error, context, settings)
    end
  end
end
