"""The application starts with what was compiled with the image, and starts all the same without.
It stops when it is asked to.

That it starts sooner is not seen here: see diaspora/starts.py.
"""

from __future__ import annotations

import base64

from .pod import PodMachine, Pods

COMPILED = "/opt/diaspora/vendor/compiled"
# What bootsnap knows of a file, before what it made of it, and where in that the size of the latter
# is (its struct bs_cache_key).
HEAD, SIZE = 64, slice(32, 40)
APPLICATION = ("diaspora-web", "diaspora-sidekiq")
# A fault, how it is made, and whether bootsnap is loaded in spite of it. The last two stay.
FAULTS = {
    "missing": (f"rm -r {COMPILED}", False),
    "of another Ruby": (f"mv {COMPILED}/* {COMPILED}/x86_64-linux-0123", False),
    "of another bootsnap": (
        f"find {COMPILED} -type f -exec dd if=/dev/zero of={{}} bs=8 count=1 conv=notrunc ';'",
        True,
    ),
    "cut off": (f"find {COMPILED} -type f -exec truncate --size=100 {{}} +", True),
    "of other files": ("find /opt/diaspora /usr/lib/ruby -name '*.rb' -exec touch {} +", True),
    "without bootsnap": ("dpkg --purge --force-depends ruby-bootsnap", False),
}

# Without the initializer one hung in each of nine tries, after 6 to 1,199 others.
STOPS = 1000
STOP_OFTEN = """
require "puma"
require "puma/cli"
require "puma/server"
require "puma/log_writer"
load ARGV.fetch(1)
Signal.trap("TERM") { $server.stop(true) }
ARGV.first.to_i.times do
  $server = Puma::Server.new(proc {}, nil, log_writer: Puma::LogWriter.null, min_threads: 0)
  running = $server.run
  Process.kill("TERM", Process.pid)
  running.join
end
"""
MEND = "stops_when_asked"
TELL = 'at_exit { warn "mended: #{(Puma::Server.ancestors.first if defined?(Puma::CLI)).inspect}" }'


def test_the_application_loads_what_was_compiled_and_adds_nothing(pods: Pods) -> None:
    """What the pod could add would be run by the next start, whoever had taken over this one."""
    machine = _up(pods)
    before = machine.succeed(f"find {COMPILED} | sort")
    machine.succeed("touch /opt/diaspora/config/boot.rb")
    _restart(machine)
    for unit in APPLICATION:
        assert _loads_bootsnap(machine, unit)
    assert machine.succeed(f"find {COMPILED} | sort") == before
    assert machine.succeed(f"find {COMPILED} ! -user root") == ""
    machine.fail(f"setpriv --reuid=diaspora --regid=diaspora --clear-groups touch {COMPILED}/*/x")
    # A mark that a start leaves behind would have the next one do without.
    assert _marks(machine) == ""


def test_what_was_compiled_and_does_not_fit_is_left_out_at_the_first_try(pods: Pods) -> None:
    machine = _up(pods)
    machine.succeed(f"cp -a {COMPILED} {COMPILED}.whole")
    for fault, (command, loaded) in FAULTS.items():
        machine.succeed(command)
        _restart(machine)
        for unit in APPLICATION:
            assert machine.unit(unit)["NRestarts"] == "0", fault
            assert _loads_bootsnap(machine, unit) == loaded, fault
        assert _marks(machine) == "", fault
        machine.succeed(f"rm -rf {COMPILED}; cp -a {COMPILED}.whole {COMPILED}")


def test_a_first_boot_comes_through_where_what_was_compiled_looks_right_and_fails(
    pods: Pods,
) -> None:
    """Nobody can tell before Ruby has run it. The next try does without."""
    pod = pods.prepare()
    _plant(pod.machine)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    assert pod.front.get("/").status == 200
    for unit in ("diaspora-migrate", *APPLICATION):
        pod.machine.wait_for_unit(unit)
        assert "the last start did not come through" in pod.machine.journal(unit)
    assert _marks(pod.machine) == ""


def test_a_web_server_that_is_asked_to_stop_never_hangs(pods: Pods) -> None:
    """A thousand of them, for it is a matter of chance. One that hung was killed a minute later."""
    machine = _up(pods)
    (machine.root / "root/stop_often.rb").write_text(STOP_OFTEN)
    often = f"bin/bundle exec ruby /root/stop_often.rb {STOPS} config/initializers/{MEND}.rb"
    machine.succeed(f"cd /opt/diaspora && {often}")
    # The one that runs has it, too: it is asked at its end.
    (machine.root / "usr/local/lib/tell.rb").write_text(TELL)
    machine.systemctl("set-environment RUBYOPT=-r/usr/local/lib/tell.rb")
    for _ in range(2):
        machine.systemctl("restart diaspora-web")
    assert "mended: StopsWhenAsked" in machine.journal("diaspora-web")


def _up(pods: Pods) -> PodMachine:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod.machine


def _restart(machine: PodMachine) -> None:
    for unit in APPLICATION:
        machine.systemctl(f"restart {unit}")


def _loads_bootsnap(machine: PodMachine, unit: str) -> bool:
    process = machine.unit(unit)["MainPID"]
    return "/bootsnap.so" in machine.read(f"/proc/{process}/maps")


def _marks(machine: PodMachine) -> str:
    return machine.succeed("find /opt/diaspora/tmp -name 'starts-*'")


def _plant(machine: PodMachine) -> None:
    """Leave what each file is known by, and have all of it raise."""
    code = 'print [RubyVM::InstructionSequence.compile("raise %q(planted)").to_binary].pack("m0")'
    planted = base64.b64decode(machine.succeed(f"ruby -e '{code}'"))
    folder = machine.root / COMPILED.lstrip("/")
    for file in folder.rglob("compile-cache-iseq/**/*"):
        if file.is_file():
            head = file.read_bytes()[:HEAD]
            known = head[: SIZE.start] + len(planted).to_bytes(8, "little") + head[SIZE.stop :]
            file.write_bytes(known + planted)
