# A day's log has no bound in diaspora*; the journal has. Who runs a command by hand gets no log for an
# answer.
if ENV["JOURNAL_STREAM"] && defined?(Logging::Rails)
  layout = Logging.layouts.pattern(pattern: "%-5l %c: %m\n")
  Logging.logger.root.appenders = Logging.appenders.stdout("journal", layout: layout)
end
