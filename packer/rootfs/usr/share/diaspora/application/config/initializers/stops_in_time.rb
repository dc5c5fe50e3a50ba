# sidekiq is ended by the kernel at the limit that its unit has, with all that it runs. So it ends itself
# before: what is not done within 25 seconds goes back into the queue, and systemd starts it anew.
if Sidekiq.server?
  most = File.read("/proc/meminfo")[/MemTotal:\s+(\d+)/, 1].to_i * 45 / 100
  Thread.new do
    loop do
      sleep 2
      used = File.read("/proc/self/status")[/VmRSS:\s+(\d+)/, 1].to_i
      next if used < most

      Sidekiq.logger.warn("stops: #{used / 1024} MB are in use, of #{most / 1024}")
      Process.kill("TERM", Process.pid)
      break
    end
  end
end
