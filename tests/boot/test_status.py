"""Ten lines about a pod, whatever state it is in."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from diaspora_pod import database, redis, units
from diaspora_pod.errors import Transient
from diaspora_pod.machine import Machine
from diaspora_pod.operator import facts, status
from diaspora_pod.progress import Progress
from diaspora_pod.units import State

from . import samples
from .test_queue import Redis

MOUNTS = """\
/dev/root / ext4 rw 0 0
s3fs {root}/opt/diaspora/public/uploads/images fuse.s3fs rw 0 0
s3fs {root}/opt/diaspora/public/uploads/users fuse.s3fs rw 0 0
"""
# A connection to port 5432 that is established, one that ends, and one to another port.
CONNECTIONS = """\
  sl  local_address rem_address   st tx_queue
   0: 0100000A:C350 0200000A:1538 01 00000000
   1: 0100000A:C351 0200000A:1538 06 00000000
   2: 0100000A:C352 0200000A:01BB 01 00000000
"""
NOBODY = CONNECTIONS.splitlines()[0]
MEMORY = (
    "MemTotal: 972800 kB\nMemAvailable: 204800 kB\nSwapTotal: 1048576 kB\nSwapFree: 1046528 kB\n"
)
NAMES = (
    *("units", "mounts", "database", "jobs", "disk", "memory", "versions", "image", "reboot"),
    "last boot",
)


@pytest.fixture
def pod(
    machine: Machine, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Machine:
    """A machine that is well."""
    (machine.root / "usr/share/diaspora").unlink()
    machine.manifest.parent.mkdir()
    machine.manifest.write_text(
        json.dumps({"name": "diaspora-1", "diaspora": {"version": "v0.9.1.0"}, "system": "Ubuntu"})
    )
    os.utime(machine.manifest, (0, 0))
    for name, text in (
        ("self/mounts", MOUNTS.format(root=machine.root)),
        ("net/tcp", CONNECTIONS),
        ("net/tcp6", NOBODY),
        ("meminfo", MEMORY),
    ):
        write(machine, name, text)
    monkeypatch.setattr(units, "states", running)
    monkeypatch.setattr(units, "failed", list)
    monkeypatch.setattr(units, "machine_started", lambda: 10.0)
    monkeypatch.setattr(redis, "connected", Redis().connected)
    monkeypatch.setattr(database, "connect", lambda _: pytest.fail("wakes the database"))
    return machine


def write(machine: Machine, name: str, text: str) -> None:
    file = machine.root / "proc" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def running(names: Sequence[str]) -> dict[str, State]:
    return {name: State("active", entered=22.0) for name in names}


def told(machine: Machine, **changes: str) -> dict[str, status.Line]:
    lines = status.lines(machine, samples.settings(**changes))
    return {line.name: line for line in lines}


def wrong(machine: Machine, **changes: str) -> list[str]:
    return [name for name, line in told(machine, **changes).items() if line.found.wrong]


def test_a_pod_that_is_well_has_ten_lines_and_nothing_is_wrong(pod: Machine) -> None:
    found = told(pod)
    assert tuple(found) == NAMES
    assert wrong(pod) == []
    assert found["units"].found.words == "all 11 run"
    assert found["memory"].found.words == "200 of 950 MB available, 2 MB swapped out"
    assert found["versions"].found.words.startswith("diaspora* v0.9.1.0, Ubuntu, Linux ")
    assert "days old" in found["image"].found.words
    assert "settings 12, " in found["last boot"].found.words


def test_each_line_fits_a_narrow_terminal(pod: Machine) -> None:
    text = "\n".join(line.text() for line in told(pod).values())
    assert max(map(len, text.splitlines())) <= 79
    assert text.startswith("  units      all 11 run\n")


def test_a_database_that_may_sleep_is_left_alone(pod: Machine) -> None:
    assert told(pod)["database"].found.words == "in use, by 1 connection from here"
    write(pod, "net/tcp", NOBODY)
    assert told(pod)["database"].found.words.startswith("nobody is connected: it may sleep")


def test_a_unit_that_does_not_run_is_named(pod: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def states(names: Sequence[str]) -> dict[str, State]:
        return {**running(names), "diaspora-web.service": State("activating")}

    monkeypatch.setattr(units, "states", states)
    monkeypatch.setattr(units, "failed", lambda: ["apt-daily-upgrade.service"])
    line = told(pod)["units"]
    assert line.found.words == (
        "apt-daily-upgrade.service has failed, diaspora-web.service is activating"
    )
    assert line.text().startswith("! units ")
    assert "web not" in told(pod)["last boot"].found.words


def test_a_unit_that_was_started_anew_is_no_slow_boot(
    pod: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        units, "states", lambda names: dict.fromkeys(names, State("active", entered=9e4))
    )
    assert "web anew" in told(pod)["last boot"].found.words


def test_a_mount_that_is_away_is_named(pod: Machine) -> None:
    write(pod, "self/mounts", "\n".join(MOUNTS.format(root=pod.root).splitlines()[:2]))
    assert told(pod)["mounts"].found.words == "missing: uploads/users"
    assert wrong(pod) == ["mounts"]


@pytest.mark.parametrize("full", [{"f_bavail": 14}, {"f_favail": 14}])
def test_a_disk_or_its_inodes_that_are_nearly_full_are_told(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, full: dict[str, int]
) -> None:
    plain = {"f_blocks": 100, "f_bavail": 50, "f_files": 100, "f_favail": 50, "f_frsize": 10**8}
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**{**plain, **full}))
    assert wrong(pod) == ["disk"]
    assert "86 %" in told(pod)["disk"].found.words


def test_a_file_system_that_counts_no_inodes_is_not_full(
    pod: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = SimpleNamespace(f_blocks=100, f_bavail=99, f_files=0, f_favail=0, f_frsize=1)
    monkeypatch.setattr(os, "statvfs", lambda _: none)
    assert facts.disk(pod).inodes == 0


@pytest.mark.parametrize(
    ("queue", "minutes", "late"),
    [("high", 29, []), ("high", 31, ["jobs"]), ("patient", 269, []), ("patient", 271, ["jobs"])],
)
def test_jobs_that_nobody_does_are_told_unless_none_is_to_be_done_here(
    pod: Machine, monkeypatch: pytest.MonkeyPatch, queue: str, minutes: int, late: list[str]
) -> None:
    oldest = json.dumps({"enqueued_at": time.time() - 60 * minutes})
    waiting = Redis(**{"queues": [queue], f"queue:{queue}": [oldest]})
    monkeypatch.setattr(redis, "connected", waiting.connected)
    assert wrong(pod) == late
    assert wrong(pod, owns_domain="no") == []


def test_a_reboot_that_is_required_is_told(pod: Machine) -> None:
    (pod.root / "run").mkdir()
    (pod.root / "run/reboot-required").touch()
    assert wrong(pod) == ["reboot"]


def test_a_database_that_is_newer_than_the_image_is_told_without_asking_it(pod: Machine) -> None:
    progress = Progress(pod, "migrate")
    with progress.step("schema-newer"):
        progress.remark("the image does not know 3")
    assert wrong(pod) == ["image"]
    assert "the image does not know 3" in told(pod)["image"].found.words


def test_what_cannot_be_found_out_is_told_and_hides_nothing_else(
    pod: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> object:
        raise Transient("the queue: nobody listens")

    monkeypatch.setattr(redis, "connected", away)
    pod.manifest.write_text("{")
    found = told(pod)
    assert tuple(found) == NAMES
    assert wrong(pod) == ["jobs", "versions", "image"]
    assert found["jobs"].found.words == "the queue: nobody listens"
