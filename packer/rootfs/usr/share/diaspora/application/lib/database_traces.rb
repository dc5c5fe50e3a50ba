require_relative "database_sleep"

# How many connections to the database this machine has, and how many the application has made so far, in
# whatever process: each notes it. A look now and then would miss those that come and go in between, for of
# a connection with TLS nothing is left: PostgreSQL's last word meets a socket that is closed, and is reset.
class DatabaseTraces
  # A byte for each.
  NOTES = Rails.root.join("tmp/database-connections").freeze

  # Before anything is asked by a connection.
  module Noted
    private

    def configure_connection
      DatabaseTraces.note
      super
    end
  end

  # Where there is no room for it, the count begins anew, which is another one, too.
  def self.note
    File.write(NOTES, ".", mode: "a")
  rescue SystemCallError
    FileUtils.rm_f(NOTES)
  end

  attr_reader :open, :made

  # Where there is no IPv6, there is no table of it.
  def initialize
    @open = DatabaseSleep::TABLES.sum {|table| File.exist?(table) ? DatabaseSleep.connected(table) : 0 }
    @made = File.size?(NOTES).to_i
  end

  # How many were made since; less than none where the count began anew.
  def since(before)
    made - before.made
  end
end
