# While no connection is known to work, one thread tries to get one, and whoever finds it trying for
# longer than an awake database takes is turned away: a database that wakes would else hold all threads,
# and pages that ask nothing would wait with those that do.
class OneWaits
  PATIENCE = 0.5

  # For the pool of connections.
  module Door
    def checkout(*) = ALL.enter(self) { super }
  end

  def initialize
    @lock = Mutex.new
    @over = ConditionVariable.new
    @trying = nil
  end

  # Yields; raises ConnectionNotEstablished for whoever is turned away.
  def enter(pool)
    turn = @lock.synchronize { turn?(pool) }
    yield
  ensure
    leave if turn
  end

  private

  # Whether it is this thread's turn to try. Where a connection is in use, everybody may.
  def turn?(pool)
    until works?(pool)
      return take_turn if @trying.nil?

      left = @since + PATIENCE - now
      raise ActiveRecord::ConnectionNotEstablished, "another request waits for it" unless left.positive?

      @over.wait(@lock, left)
    end
  end

  def take_turn
    @since = now
    @trying = Thread.current
  end

  def leave
    @lock.synchronize do
      @trying = nil
      @over.broadcast
    end
  end

  # What the one who tries has got is not known to work yet.
  def works?(pool)
    pool.connections.any? {|connection| connection.in_use? && connection.owner != @trying }
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  ALL = new
end
