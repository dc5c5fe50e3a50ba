require "sidekiq/api"

# The database says that something is under way, and no job does it: the job was lost with its machine or its
# queue, was set aside, or its process was killed between two transactions. Nobody would ever do it: "we are
# processing your data" stays, or an account is locked and all of it is still there.
#
# Whatever is done here may be done by somebody else as well, by an old pod or a job that is handed over late:
# a second time changes nothing.
module LeftUndone
  # Seconds until whoever looks may trust the queue: what the machine before had in its own is here by then.
  PATIENCE = 3600
  # A queue that is new has none, whether the machine is new or the queue was lost.
  LOOKED = "diaspora:looked".freeze

  # +marked+ are the records that are under way, and +job+ what a job that does one begins with: its class and
  # arguments. +mend+ is done where there is none. Where +again+, a job that was set aside counts as one: it has
  # failed, and a person is to look at it.
  Kind = Struct.new(:marked, :job, :again, :mend, keyword_init: true)

  # Taken back: whoever wants one asks again. It may be what killed the process.
  def self.export(mark, worker)
    Kind.new(
      marked: -> { User.where(mark => true) },
      job:    ->(user) { [worker, user.id] },
      again:  false,
      mend:   ->(user) { user.update_columns(mark => false) }
    )
  end

  KINDS = [
    export(:exporting, "Workers::ExportUser"),
    export(:exporting_photos, "Workers::ExportPhotos"),
    Kind.new(
      marked: -> { AccountDeletion.uncompleted },
      job:    ->(deletion) { ["Workers::DeleteAccount", deletion.id] },
      again:  true,
      mend:   :queue_delete_account.to_proc
    )
  ]

  if defined?(DiasporaFederation)
    KINDS.push(
      # A person closes the account in three transactions, of which only the last one plans the deletion.
      Kind.new(
        marked: lambda {
          Person.where(closed_account: true, updated_at: ..PATIENCE.seconds.ago).where.not(owner_id: nil)
                .where.missing(:account_deletion, :account_migration)
        },
        job:    ->(_person) { [] },
        again:  true,
        mend:   ->(person) { AccountDeletion.create!(person: person) }
      ),
      # Those of people who left for another pod. What an import here has begun only the archive can end.
      Kind.new(
        marked: -> { AccountMigration.where(completed_at: nil).select {|migration| migration.new_person.remote? } },
        job:    ->(migration) { ["Workers::ReceiveLocal", "AccountMigration", migration.id] },
        again:  true,
        mend:   ->(migration) { Workers::ReceiveLocal.perform_async("AccountMigration", migration.id, []) }
      ),
      # Of a week: those that nobody could ever make small are not tried for ever.
      Kind.new(
        marked: lambda {
          Photo.joins(:author).where(processed_image: nil, created_at: 1.week.ago..)
               .where.not(unprocessed_image: nil).where.not(people: {owner_id: nil})
               .where.not("unprocessed_image LIKE '%.gif'")
        },
        job:    ->(photo) { ["Workers::ProcessPhoto", photo.id] },
        again:  true,
        mend:   :queue_processing_job.to_proc
      ),
      # Nobody fetches a person's posts again who is said to be fetched.
      Kind.new(
        marked: -> { Person.where(fetch_status: 1..3) },
        job:    ->(person) { ["Workers::FetchPublicPosts", person.diaspora_handle] },
        again:  true,
        mend:   lambda {|person|
          person.update_columns(fetch_status: Diaspora::Fetcher::Public::Status_Initial)
          Diaspora::Fetcher::Public.queue_for(person)
        }
      )
    )
  end
  KINDS.freeze

  class Look
    include Sidekiq::Job
    sidekiq_options queue: :low, retry: 10

    def perform
      # Before the jobs: what is marked meanwhile has its job by then.
      marked = KINDS.flat_map {|kind| kind.marked.call.map {|record| [kind, record, kind.job.call(record)] } }
      return if marked.empty?

      there = LeftUndone.jobs(marked.map {|_kind, _record, job| job.first }.to_set)
      marked.each do |kind, record, job|
        next if there[:live].include?(job) || (kind.again && there[:aside].include?(job))

        logger.warn("left undone, and put right: #{record.class} #{record.id} #{job.first}")
        kind.mend.call(record)
      end
    end
  end

  # Those of these classes, each by what it begins with: +live+ ones, and those that were set +aside+.
  def self.jobs(classes)
    running = Sidekiq.redis {|redis| redis.call("HVALS", RunningJobs::KEY) }.map {|job| Sidekiq::JobRecord.new(job) }
    lists = {
      live:  [running, *Sidekiq::Queue.all, Sidekiq::RetrySet.new, Sidekiq::ScheduledSet.new],
      aside: [Sidekiq::DeadSet.new]
    }
    lists.transform_values do |found|
      found.flat_map {|list| list.filter_map {|job| [job.klass, *job.args.first(2)] if classes.include?(job.klass) } }
    end
  end

  # Once for each queue. Of a process that ends meanwhile the next one waits anew.
  def self.look_once
    return if Sidekiq.redis {|redis| redis.call("EXISTS", LOOKED) } == 1

    Thread.new do
      sleep PATIENCE
      Look.perform_async
      Sidekiq.redis {|redis| redis.call("SET", LOOKED, Time.now.to_i) }
    end
  end

  # Each night, when the database is awake anyway: jobs are set aside and queues mended on old machines, too.
  module Nightly
    def perform
      super
      Look.perform_async
    end
  end
end
