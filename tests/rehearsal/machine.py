"""A driver for one machine: start it, ask it, wait for it, hurt it.

The machine is a tree booted by systemd-nspawn, which runs here only; commands enter it by nsenter.
The verbs are those of NixOS' test driver. Each says what it waits for and gives up with the reason.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import cgroup
from .layers import Disk
from .log import Broken, say
from .network import Namespace

# What systemd-nspawn exits with when the machine in it asked for a reboot.
_REBOOT = 133
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """One machine; ``root`` is its file system, there whether it runs or not.

    What is on its ``disk`` may be lost in a crash; without one a crash loses nothing of it. It has
    the host's memory and processors, but for what ``memory`` and ``processor`` say when it starts.
    """

    def __init__(
        self, name: str, root: Path, folder: Path, namespace: Namespace, disk: Disk | None = None
    ) -> None:
        self.name = name
        self._disk = disk
        self.root = root
        self.boots = 0
        self._folder = folder
        self.namespace = namespace
        self.group = cgroup.run_group(folder.parents[1].name) / name
        self.memory: cgroup.Memory | None = None
        self.processor: cgroup.Processor | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._last = ""

    # Power.

    def start(self) -> None:
        """Switch it on; returns once its systemd takes commands."""
        self.say("starts")
        self._boot()

    def reboot(self, command: str = "systemctl reboot --no-block") -> None:
        """Restart it in order, by that command; returns once the new systemd takes commands."""
        self.say("reboots")
        process = self._running()
        self.run(command)
        status = _ended(process, 180)
        if status != _REBOOT:
            raise Broken(f"{self.name} did not come down for a reboot: {status}\n{self.console()}")
        self._boot()

    def shutdown(self) -> None:
        """Switch it off in order; returns once it is off."""
        self.say("shuts down")
        process = self._running()
        self.run("systemctl poweroff --no-block")
        if _ended(process, 180) is None:
            raise Broken(f"{self.name} did not shut down within 180 s\n{self.console()}")

    def terminate(self, seconds: float = 180) -> None:
        """End it as EC2 does: a button is pressed, and after some time the plug is pulled.

        There is no button here. What logind does when it is pressed, systemd does for this signal.
        """
        self.say("is terminated")
        process = self._running()
        os.kill(self._leader, signal.SIGRTMIN + 4)
        if _ended(process, seconds) is None:
            self.crash()

    def crash(self) -> None:
        """Pull the plug; what was not on the disk is gone."""
        if self.is_running():
            self.say("loses its power")
            os.kill(self._leader, 9)
            _ended(self._running(), 30)
            if self._disk:
                self._disk.lose_power()

    def is_running(self) -> bool:
        """Whether it is switched on."""
        return self._process is not None and self._process.poll() is None

    def end(self) -> None:
        """End it and take its control group away; it is not used again."""
        if self.is_running():
            os.kill(self._leader, 9)
            _ended(self._running(), 30)
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for group in self._groups():
            cgroup.remove(group)

    # Commands.

    def run(self, command: str, seconds: float = 60, given: bytes | None = None) -> tuple[int, str]:
        """Run a shell command as root; returns its exit status and what it wrote.

        A command that is still running after ``seconds`` is ended; its status is then 124.
        """
        shell = ["timeout", "--kill-after=5", str(seconds), "bash", "-c", command]
        done = subprocess.run(
            [*self.entrance(), *shell],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            input=given if given is not None else b"",
        )
        return done.returncode, done.stdout.decode(errors="replace")

    def succeed(self, command: str, seconds: float = 60) -> str:
        """Run a command that has to work; returns what it wrote."""
        status, output = self.run(command, seconds)
        if status != 0:
            raise Broken(f"{self.name}: {command!r} ended with {status}:\n{output}")
        return output

    def fail(self, command: str, seconds: float = 60) -> str:
        """Run a command that must not work; returns what it wrote."""
        status, output = self.run(command, seconds)
        if status == 0:
            raise Broken(f"{self.name}: {command!r} worked, and should not:\n{output}")
        return output

    def systemctl(self, arguments: str) -> str:
        """Run systemctl; it has to work."""
        return self.succeed(f"systemctl {arguments}")

    # Waiting.

    def wait_until_succeeds(self, command: str, seconds: float = 60) -> str:
        """Run a command every second until it works; returns what it wrote."""
        return self._wait(f"until {command!r} works", seconds, lambda: self._tried(command, True))

    def wait_until_fails(self, command: str, seconds: float = 60) -> str:
        """Run a command every second until it no longer works."""
        return self._wait(f"until {command!r} fails", seconds, lambda: self._tried(command, False))

    def wait_for_unit(self, unit: str, seconds: float = 120) -> None:
        """Wait until a unit is active; one that failed ends the wait at once."""

        def active() -> str | None:
            state = self.unit(unit)["ActiveState"]
            if state == "failed":
                raise Broken(f"{self.name}: {unit} failed\n{self.journal(unit)}")
            return state if state == "active" else None

        self._wait(f"for {unit}", seconds, active)

    def wait_for_open_port(self, port: int, seconds: float = 60) -> None:
        """Wait until somebody listens on a TCP port."""
        self.wait_until_succeeds(f"ss -Hltn sport = :{port} | grep -q .", seconds)

    def wait_for_file(self, path: str, seconds: float = 60) -> None:
        """Wait until there is a file."""
        self.wait_until_succeeds(f"test -e {shlex.quote(path)}", seconds)

    def wait_for_journal(self, pattern: str, seconds: float = 60) -> str:
        """Wait until a line of the journal matches; returns the line."""

        def found() -> str | None:
            lines = self.journal().splitlines()
            return next((line for line in lines if re.search(pattern, line)), None)

        return self._wait(f"for {pattern!r} in the journal", seconds, found)

    # Looking.

    def unit(self, name: str) -> dict[str, str]:
        """All properties of a unit, as systemd names them."""
        lines = self.succeed(f"systemctl show {shlex.quote(name)}").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def journal(self, unit: str = "") -> str:
        """The journal of this boot, or what one unit said in it."""
        only = f"--unit={shlex.quote(unit)}" if unit else ""
        where = "--boot" if self.is_running() else "--directory=/var/log/journal"
        return self.run(f"journalctl --no-pager --output=short-monotonic {where} {only}")[1]

    def console(self) -> str:
        """What was written to the console, by all boots."""
        file = self._folder / "console"
        return file.read_text(errors="replace") if file.exists() else ""

    def read(self, path: str) -> str:
        """The text of a file."""
        return self.succeed(f"cat {shlex.quote(path)}")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file, and the folders above it."""
        name = shlex.quote(path)
        command = f'mkdir -p "$(dirname {name})" && cat > {name} && chmod {mode:o} {name}'
        status, output = self.run(command, given=text.encode())
        if status != 0:
            raise Broken(f"{self.name}: {path} cannot be written: {output}")

    def copy_in(self, source: Path, path: str) -> None:
        """Copy a file or a folder of the host to a path in the machine, over what is there."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)

    def say(self, text: str) -> None:
        """Say something about this machine in the log."""
        say(f"{self.name}: {text}")

    def entrance(self) -> list[str]:
        """The words before a command that is to run in the machine; in its tree while it is off."""
        clean = ["env", "--ignore-environment", _PATH, "HOME=/root", "LANG=C.UTF-8"]
        if not self.is_running():
            return ["chroot", str(self.root), *clean]
        return ["nsenter", f"--target={self._leader}", "--all", "--root", "--wd", *clean]

    # Inside.

    def _boot(self) -> None:
        self.boots += 1
        self._leader = 0
        command = [
            *("systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit"),
            *(f"--directory={self.root}", f"--machine={self.name}", "--console=read-only"),
            f"--network-namespace-path={self.namespace.path}",
            *("--capability=CAP_NET_ADMIN", "--bind=/dev/fuse"),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
        ]
        with (self._folder / "console").open("ab") as console:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                # A host with control groups of both versions would offer the machine the old ones.
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                preexec_fn=self._join_groups,
            )
        self._wait("for its systemd", 60, self._answers, every=0.1)

    def _groups(self) -> list[Path]:
        bounds = (self.memory, self.processor)
        return [self.group, *(bound.folder for bound in bounds if bound)]

    def _join_groups(self) -> None:
        for group in self._groups():
            cgroup.join(group)

    def _answers(self) -> str | None:
        """Whether there is a leader that takes commands; finds it where it is not known yet."""
        process = self._running()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if not children:
            return None
        self._leader = int(children[0])
        try:
            if Path(f"/proc/{self._leader}/comm").read_text() != "systemd\n":
                return None
        except (FileNotFoundError, ProcessLookupError):
            # The first child of systemd-nspawn makes the leader, and ends.
            return None
        status, _ = self.run("systemctl show --property=Version", 10)
        return "yes" if status == 0 else None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise Broken(f"{self.name} is off\n{self.console()[-2000:]}")
        return self._process

    def _tried(self, command: str, works: bool) -> str | None:
        status, output = self.run(command)
        self._last = output
        return output or " " if (status == 0) == works else None

    def _wait(
        self, what: str, seconds: float, look: Callable[[], str | None], every: float = 1
    ) -> str:
        self._last = ""
        began = time.monotonic()
        with _said_when_long(lambda: self.say(f"waits {what}")):
            while time.monotonic() - began < seconds:
                self._running()
                if (found := look()) is not None:
                    return found
                time.sleep(every)
        raise Broken(f"{self.name} waited {seconds} s {what}\n{self._last}")


@contextmanager
def _said_when_long(speak: Callable[[], None]) -> Iterator[None]:
    """Speak only where it takes longer than a moment."""
    timer = threading.Timer(1.5, speak)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _ended(process: subprocess.Popen[bytes], seconds: float) -> int | None:
    """The exit status of a process, or None where it does not end in time."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
