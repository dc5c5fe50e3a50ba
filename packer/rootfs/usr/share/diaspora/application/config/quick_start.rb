# More than half of a start is Ruby that compiles what it has compiled the time before. The image
# brings all of it compiled, and the distribution's bootsnap loads it; Bundler knows of neither. The
# folder is root's: whoever may write into it is the build, which fills it.
#
# No start fails for its sake. Another Ruby than the build's looks for a folder of another name; of each
# file bootsnap knows size and time, and compiles those that have others. And where a start did not
# come through, whatever the reason, the next one of its kind does without.
module QuickStart
  APPLICATION = File.expand_path("..", __dir__)
  CACHE = "#{APPLICATION}/vendor/compiled/#{RUBY_PLATFORM}-#{RUBY_REVISION}".freeze
  # There from the beginning of a start until it came through.
  MARK = "#{APPLICATION}/tmp/starts-#{File.basename($PROGRAM_NAME)}".freeze

  module_function

  def prepare
    return unless File.directory?(CACHE)
    return load_compiled(readonly: false) if File.writable?(CACHE)
    return warn("the last start did not come through: this one compiles") if File.exist?(MARK)

    File.write(MARK, "")
    load_compiled(readonly: true)
  rescue LoadError, StandardError => e
    warn("this start compiles: #{e.message}")
  end

  def came_through
    File.delete(MARK)
  rescue Errno::ENOENT
    # It never was there: this start compiled.
  end

  def load_compiled(readonly:)
    with_bootsnap do
      require "bootsnap"
      Bootsnap.setup(
        cache_dir:          CACHE,
        development_mode:   false,
        readonly:           readonly,
        compile_cache_json: false
      )
    end
  end

  # Only while bootsnap is being loaded: the application would find msgpack, which is in no bundle.
  def with_bootsnap
    paths = %w[bootsnap msgpack].flat_map {|name| paths_of(name) }
    $LOAD_PATH.push(*paths)
    yield
  ensure
    paths&.each {|path| $LOAD_PATH.delete(path) }
  end

  # Where the distribution has a gem, of which Bundler lets RubyGems know nothing.
  def paths_of(name)
    files = Gem.default_path.flat_map {|folder| Dir["#{folder}/specifications/#{name}-*.gemspec"] }
    raise LoadError, "the distribution's #{name} is not there" if files.empty?

    Gem::Specification.load(files.first).full_require_paths
  end
end

module Bootsnap
  # bootsnap asks RubyGems for msgpack, and would hear that it is in no bundle.
  module ExplicitRequire
    def self.gem(_name) = nil
  end
end

QuickStart.prepare
