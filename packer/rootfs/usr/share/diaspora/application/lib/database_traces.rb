require "set"
require_relative "database_sleep"

module DatabaseSleep
  # Our end of each connection to the database, and the state that it is in.
  def self.ends
    # Where there is no IPv6, there is no table of it.
    TABLES.select {|table| File.exist?(table) }.flat_map do |table|
      File.foreach(table).filter_map do |line|
        _, ours, peer, state = line.split
        [ours, state] if peer.end_with?(port)
      end
    end
  end
end

# The connections to the database that this machine has, and those that it had within the last minute:
# whoever closes one first keeps its end for that long, and clients do. So one that came and went between
# two looks is seen, too.
class DatabaseTraces
  # A connection that is only asked for.
  ASKED = "02".freeze

  # Our ends, and how many of them are connected.
  attr_reader :ends, :open

  def initialize
    found = DatabaseSleep.ends.reject {|_, state| state == ASKED }
    @ends = found.to_set(&:first)
    @open = found.count {|_, state| state == DatabaseSleep::ESTABLISHED }
  end

  # How many were not there before.
  def since(before)
    (ends - before.ends).size
  end
end
