# What lets the database sleep asks two things: how long messages may wait, and whether anybody on this
# machine is connected to the database.
module DatabaseSleep
  # Seconds; 0: all of it is off.
  PATIENCE = Integer(ENV.fetch("FEDERATION_PATIENCE", "0"), 10) * 60
  ESTABLISHED = "01".freeze
  TABLES = %w[/proc/net/tcp /proc/net/tcp6].freeze

  class << self
    def on?
      PATIENCE.positive?
    end

    # By any process: a page, a mail, a cron job, an admin's command.
    def in_use?
      TABLES.any? {|table| connected(table).positive? }
    end

    # How many connections are in one of the kernel's tables.
    def connected(table)
      File.foreach(table).count do |line|
        _, _, peer, state = line.split
        state == ESTABLISHED && peer.end_with?(port)
      end
    end

    private

    def port
      @port ||= format(":%04X", ActiveRecord::Base.connection_db_config.configuration_hash.fetch(:port, 5432).to_i)
    end
  end
end
