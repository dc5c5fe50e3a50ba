require Rails.root.join("lib/left_undone")

Sidekiq.configure_server do |config|
  config.on(:startup) { LeftUndone.look_once }
end
Rails.application.config.to_prepare { Workers::CleanupOldExports.prepend(LeftUndone::Nightly) }
