"""What the pod sees of itself, and what it says of it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from diaspora_pod import redis, units
from diaspora_pod.errors import Transient
from diaspora_pod.machine import AUTHORITIES, DATABASE_AUTHORITIES, Machine
from diaspora_pod.operator import sights
from diaspora_pod.operator.sights import DAY, HOUR, MINUTE, Look
from diaspora_pod.progress import Progress
from diaspora_pod.units import State

from . import samples
from .fakes import never

# 2026-11-28, a quarter past four.
NOW = 1_795_839_300.0
MOUNTS = """\
/dev/root / ext4 rw 0 0
/dev/loop3 /snap/core22/1 squashfs ro 0 0
s3fs /opt/diaspora/public/uploads/images fuse.s3fs rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/nvme0n1p16 /boot ext4 rw 0 0
/dev/root /var/tmp ext4 rw 0 0
"""


@pytest.fixture
def look(machine: Machine) -> Look:
    return looking(machine)


def looking(machine: Machine, **changes: str) -> Look:
    return Look(machine, samples.settings(**changes), NOW)


def put(look: Look, path: str, text: str = "", age: float = 0.0) -> Path:
    """A file of the machine that was written so many seconds ago."""
    file = look.machine.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    os.utime(file, (NOW - age, NOW - age))
    return file


# Disks.


def disks(monkeypatch: pytest.MonkeyPatch, look: Look, **used: tuple[int, int]) -> list[str]:
    """Per cent of blocks and of inodes that are taken, by the disk's name; who was asked."""
    put(look, "proc/self/mounts", MOUNTS)
    asked: list[str] = []

    def statvfs(place: Path) -> Any:
        asked.append(place.name)
        blocks, inodes = used.get(place.name, used["root"])
        return SimpleNamespace(
            **{"f_blocks": 1050, "f_bfree": 1050 - 10 * blocks, "f_bavail": 1000 - 10 * blocks},
            **{"f_files": 1000, "f_ffree": 1000 - 10 * inodes, "f_favail": 1000 - 10 * inodes},
        )

    monkeypatch.setattr(os, "statvfs", statvfs)
    return asked


def test_a_disk_that_is_full_is_seen_whichever_it_is(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, look, root=(20, 10), boot=(86, 1))
    assert sights.full_disks(look) == "/boot is 86 % full, and 1 % of its inodes are taken"


def test_a_disk_without_inodes_is_as_full_as_one_without_room(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, look, root=(20, 91), boot=(20, 1))
    assert sights.full_disks(look) == "/ is 20 % full, and 91 % of its inodes are taken"


def test_a_disk_that_is_used_as_it_may_be_is_no_worry(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    disks(monkeypatch, look, root=(85, 85))
    assert sights.full_disks(look) == ""


def test_no_bucket_is_asked_and_nothing_that_is_full_by_design(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = disks(monkeypatch, look, root=(20, 10))
    sights.full_disks(look)
    assert asked == [look.machine.root.name, "boot"]


def test_a_disk_that_counts_no_inodes_has_enough(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(look, "proc/self/mounts", MOUNTS)
    none = SimpleNamespace(
        f_blocks=1000, f_bfree=800, f_bavail=800, f_files=0, f_ffree=0, f_favail=0
    )
    monkeypatch.setattr(os, "statvfs", lambda place: none)
    assert sights.full_disks(look) == ""


# Units.


def systemd(
    monkeypatch: pytest.MonkeyPatch, failed: list[str], *states: dict[str, str]
) -> list[Any]:
    """What fails, and what of the pod is not active at each look; what is wanted at each."""
    left = list(states)
    asked: list[Any] = []

    def found(wanted: list[str]) -> dict[str, State]:
        asked.append(wanted)
        now = left.pop(0) if len(left) > 1 else left[0]
        return {unit: State(now.get(unit, "active")) for unit in wanted}

    monkeypatch.setattr(units, "states", found)
    monkeypatch.setattr(units, "failed", lambda: failed)
    return asked


def test_what_failed_is_seen_whosever_it_is(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd(monkeypatch, ["snapd.service"], {})
    assert sights.idle_units(look, never) == "snapd.service (failed)"


def test_what_is_just_being_restarted_has_time(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    web = {"diaspora-web.service": "activating"}
    systemd(monkeypatch, [], web, web, {})
    pauses: list[float] = []
    assert sights.idle_units(look, pauses.append) == ""
    assert len(pauses) == 2


def test_what_tries_to_start_and_never_does_is_seen(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd(monkeypatch, [], {"diaspora-web.service": "activating"})
    pauses: list[float] = []
    assert sights.idle_units(look, pauses.append) == "diaspora-web.service (activating)"
    # The time that its unit gives a web server.
    assert 10 * MINUTE <= sum(pauses) < 15 * MINUTE


def test_sidekiq_is_not_missed_where_another_stack_owns_the_domain(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = systemd(monkeypatch, [], {"diaspora-sidekiq.service": "inactive"})
    assert sights.idle_units(looking(machine, owns_domain="no"), never) == ""
    assert "diaspora-sidekiq.service" not in asked[0]


def test_a_systemd_that_does_not_answer_is_no_sight(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "states", lambda wanted: {})
    with pytest.raises(Transient):
        sights.idle_units(look, never)


def test_systemd_is_asked_which_units_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "a.service loaded failed failed A\nb.mount not-found failed failed B\n"
    answer = subprocess.CompletedProcess([], 0, said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert units.failed() == ["a.service", "b.mount"]


# Jobs.


class Queue:
    """Redis, as far as it is asked here: lists whose newest is the first, and sets by time."""

    def __init__(self) -> None:
        self.queues: dict[str, list[str]] = {}
        self.sets: dict[str, dict[str, float]] = {}

    def call(self, *words: str) -> Any:
        match words:
            case ("SMEMBERS", "queues"):
                return list(self.queues)
            case ("LINDEX", key, "-1"):
                return next(reversed(self.queues[key.removeprefix("queue:")]), None)
            case ("LLEN", key):
                return len(self.queues[key.removeprefix("queue:")])
            case ("HLEN" | "ZCARD", name):
                return len(self.sets.get(name, {}))
            case ("ZRANGE", name, "0", "0", "WITHSCORES"):
                times = sorted((time, job) for job, time in self.sets.get(name, {}).items())
                return [job_or_time for time, job in times[:1] for job_or_time in (job, str(time))]
        raise AssertionError(words)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue()
    monkeypatch.setattr(redis, "connected", lambda: contextlib.nullcontext(made))
    return made


def wait_for(queue: Queue, name: str, *seconds: float) -> None:
    """Jobs in a queue, the newest first."""
    queue.queues[name] = [json.dumps({"enqueued_at": NOW - age}) for age in seconds]


def test_a_queue_that_is_not_worked_at_is_seen(look: Look, queue: Queue) -> None:
    wait_for(queue, "urgent", 5, 40 * MINUTE)
    wait_for(queue, "low", 29 * MINUTE)
    told = "the oldest job in the queue urgent has waited for 40 minutes"
    assert sights.late_jobs(look) == told


def test_a_job_of_which_nobody_knows_how_old_it_is_is_not_late(look: Look, queue: Queue) -> None:
    queue.queues = {"low": ["{}"], "empty": []}
    assert sights.late_jobs(look) == ""


def test_messages_of_other_pods_wait_as_long_as_they_may(machine: Machine, queue: Queue) -> None:
    wait_for(queue, "patient", 265 * MINUTE)
    assert sights.late_jobs(looking(machine)) == ""
    assert "patient has waited for 265 minutes" in sights.late_jobs(
        looking(machine, federation_patience="120")
    )


def test_what_is_to_be_tried_again_in_days_is_not_late(look: Look, queue: Queue) -> None:
    queue.sets["retry"] = {"a": NOW + 3 * DAY}
    queue.sets["schedule"] = {"b": NOW - 5 * MINUTE}
    assert sights.late_jobs(look) == ""


def test_what_should_have_been_tried_again_is_late(look: Look, queue: Queue) -> None:
    queue.sets["retry"] = {"a": NOW + DAY, "b": NOW - 2 * HOUR}
    told = "the first job of those to be tried again is 120 minutes late"
    assert sights.late_jobs(look) == told


def test_what_was_given_up_is_not_late(look: Look, queue: Queue) -> None:
    queue.sets["dead"] = {"a": NOW - DAY}
    assert sights.late_jobs(look) == ""


def test_jobs_are_not_missed_where_another_stack_does_them(machine: Machine, queue: Queue) -> None:
    wait_for(queue, "urgent", DAY)
    assert sights.late_jobs(looking(machine, owns_domain="no")) == ""


# A restart.


def test_a_restart_that_an_update_wants_is_told_where_nobody_else_does_it(machine: Machine) -> None:
    look = looking(machine, automatic_reboot="no")
    assert sights.wanted_restart(look) == ""
    put(look, "run/reboot-required")
    put(look, "run/reboot-required.pkgs", "linux-image-aws\nlibc6\nlibc6\n")
    assert sights.wanted_restart(look) == "since 2026-11-28, for libc6, linux-image-aws"


def test_a_restart_that_did_not_come_in_the_night_is_told(look: Look) -> None:
    put(look, "run/reboot-required", age=25 * HOUR)
    assert sights.wanted_restart(look) == ""
    put(look, "run/reboot-required", age=27 * HOUR)
    assert sights.wanted_restart(look) == "since 2026-11-27"


# The image.


def test_an_image_is_old_after_two_months(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(look, "manifest.json")
    monkeypatch.setattr(Machine, "manifest", file)
    put(look, "manifest.json", age=59 * DAY)
    assert sights.old_image(look) == ""
    put(look, "manifest.json", age=61 * DAY)
    assert sights.old_image(look) == "it was built on 2026-09-28"


# The database.


def test_a_database_that_is_newer_is_seen_until_a_boot_meets_another(look: Look) -> None:
    progress = Progress(look.machine, "migrate")
    with progress.step("schema-newer"):
        progress.remark("the image does not know 3")
    assert sights.newer_database(look) == "the image does not know 3"
    with progress.step("schema-newer"):
        pass
    assert sights.newer_database(look) == ""
    with progress.step("database"):
        progress.waiting("the database does not answer")
    assert sights.newer_database(look) == ""


# Updates.

HELD = "var/lib/unattended-upgrades/kept-back"
DONE = "var/lib/apt/periodic/upgrade-stamp"
LIST = "var/lib/apt/lists/archive.ubuntu.com_ubuntu_dists_resolute-security_InRelease"


def begin(look: Look, days: float) -> None:
    """The machine was told what it is, so many days ago."""
    os.utime(look.machine.settings, (NOW - days * DAY, NOW - days * DAY))


def test_updates_that_come_are_no_worry(look: Look) -> None:
    begin(look, 100)
    put(look, DONE, age=DAY)
    put(look, LIST, age=2 * DAY)
    put(look, LIST.replace("-security", ""), age=200 * DAY)
    assert sights.missing_updates(look) == ""


def test_what_is_held_back_is_told(look: Look) -> None:
    begin(look, 0)
    put(look, HELD, "nginx redis-server")
    assert sights.missing_updates(look) == "held back: nginx, redis-server"


def test_updates_that_fail_and_lists_that_do_not_come_are_told(look: Look) -> None:
    begin(look, 100)
    put(look, DONE, age=4 * DAY)
    put(look, LIST, age=15 * DAY)
    told = "none was installed since 2026-11-24; the newest list is of 2026-11-13"
    assert sights.missing_updates(look) == told


def test_a_new_machine_has_time_for_its_first_updates(look: Look) -> None:
    begin(look, 2)
    assert sights.missing_updates(look) == ""
    begin(look, 4)
    assert sights.missing_updates(look) == "none was installed since 2026-11-24"


# Authorities.


def authority(folder: Path, name: str, days: int) -> str:
    """The certificate of an authority that ends in so many days from today."""
    file = folder / "made.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", "/dev/null", "-out", file, "-subj", name, "-days", str(days)),
        ],
        check=True,
        capture_output=True,
    )
    return file.read_text("ascii")


@pytest.fixture
def stores(look: Look, tmp_path: Path) -> Look:
    """Today, with a store of the system's and one for databases, both of which last."""
    root = look.machine.root
    (root / "usr/share/diaspora").unlink()
    lasting = authority(tmp_path, "/O=Amazon/CN=Amazon Root CA 1", 4000)
    put(look, str(AUTHORITIES.relative_to("/")), lasting)
    put(look, str(DATABASE_AUTHORITIES.relative_to("/")), lasting)
    return Look(look.machine, look.settings, time.time())


def append(look: Look, file: Path, text: str) -> None:
    with (look.machine.root / file.relative_to("/")).open("a") as store:
        store.write(text)


def test_authorities_that_last_are_no_worry(stores: Look) -> None:
    assert sights.ending_authorities(stores) == ""


def test_an_authority_of_the_databases_that_ends_is_told_whatever_its_name(
    stores: Look, tmp_path: Path
) -> None:
    append(stores, DATABASE_AUTHORITIES, authority(tmp_path, "/CN=Amazon RDS Root", 80))
    assert sights.ending_authorities(stores).startswith("Amazon RDS Root on 20")


@pytest.mark.parametrize("name", sights.RELIED_ON)
def test_an_authority_that_the_pod_relies_on_is_told(
    stores: Look, tmp_path: Path, name: str
) -> None:
    append(stores, AUTHORITIES, authority(tmp_path, f"/O={name}/CN=Ending", 80))
    assert sights.ending_authorities(stores).startswith("Ending on 20")


def test_an_authority_of_whom_the_pod_asks_nothing_may_end(stores: Look, tmp_path: Path) -> None:
    append(stores, AUTHORITIES, authority(tmp_path, "/O=Somebody/CN=Somebody's", 80))
    assert sights.ending_authorities(stores) == ""


def test_the_images_own_authorities_are_read_and_last(look: Look) -> None:
    file = look.machine.root / DATABASE_AUTHORITIES.relative_to("/")
    found = sights._authorities(file)
    assert len(found) > 50
    assert min(map(sights._end, found)) > NOW + 10 * 365 * DAY
