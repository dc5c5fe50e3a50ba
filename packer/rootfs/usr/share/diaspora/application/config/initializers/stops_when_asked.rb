# Whoever asks puma to stop writes a byte into a pipe, and another thread closes that pipe as soon as it has
# read it. Where Ruby lets that thread run before the write is over, the close now and then waits for ever for
# the one who writes (https://github.com/puma/puma/pull/3940, whose syswrite lets it run as well), and systemd
# kills the web server a minute later. A write that cannot block lets nobody run.
if defined?(Puma::CLI)
  require "puma/server"

  module StopsWhenAsked
    def notify_safely(message)
      @notify.write_nonblock(message, exception: false)
    rescue IOError, SystemCallError, NoMethodError
      # It has stopped.
    end
  end

  Puma::Server.prepend(StopsWhenAsked)
end
