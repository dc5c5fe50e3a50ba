"""The database says that something is under way, and no job does it: it is put right.

The stand-in has two of diaspora*'s kinds; all of them are in ``diaspora/test_left_undone.py``. Here
an hour is some seconds long, and who hands jobs over is played by hand.
"""

from __future__ import annotations

import json
import time

import pytest

from .moves import redis
from .patience import until
from .pod import Pod, Pods

FILE = "opt/diaspora/lib/left_undone.rb"
HOUR = 15
TABLES = {"exporting": "users", "completed_at IS NULL": "account_deletions"}
EXPORTS, DELETIONS = TABLES


@pytest.fixture
def old(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


def test_what_was_lost_with_a_killed_machine_is_put_right_and_nothing_else(
    pods: Pods, old: Pod
) -> None:
    _mark(old, exports=3, deletions=5)
    old.machine.crash()
    new = _impatient(pods, old)
    # These arrive from somewhere: each is one of the places where a job may be.
    _plan(new, "schedule", "ExportUser", 2)
    _plan(new, "retry", "DeleteAccount", 2)
    redis(new, f"HSET diaspora:running j3 '{_job('DeleteAccount', 3)}'")
    # Failed for good: a person has to look at it. An export is taken back even so.
    _plan(new, "dead", "DeleteAccount", 4)
    _plan(new, "dead", "ExportUser", 3)
    until(lambda: _marked(new, EXPORTS) == {2})
    until(lambda: _marked(new, DELETIONS) == {2, 3, 4})
    told = new.machine.journal("diaspora-sidekiq")
    assert told.count("left undone, and put right") == 4
    assert redis(new, "EXISTS diaspora:looked") == "1"


def test_it_is_looked_for_each_night_and_at_no_mere_reboot(pods: Pods, old: Pod) -> None:
    _change_hour(old)
    old.machine.reboot()
    old.machine.wait_for_unit("diaspora-sidekiq")
    until(lambda: redis(old, "EXISTS diaspora:looked") == "1")
    old.machine.reboot()
    old.machine.wait_for_unit("diaspora-sidekiq")
    _mark(old, exports=1, deletions=1)
    time.sleep(HOUR + 3)
    assert (_marked(old, EXPORTS), _marked(old, DELETIONS)) == ({1}, {1})
    redis(old, f"LPUSH queue:low '{_job('CleanupOldExports')}'")
    until(lambda: (_marked(old, EXPORTS), _marked(old, DELETIONS)) == (set(), set()))


def _impatient(pods: Pods, old: Pod) -> Pod:
    """The machine after a lost one, up; for it, an hour is short."""
    pod = pods.make(old.stack.name, old.database)
    _change_hour(pod)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    pod.take_front()
    return pod


def _change_hour(pod: Pod) -> None:
    file = pod.machine.root / FILE
    text = file.read_text()
    assert text.count("PATIENCE = 3600\n") == 1
    file.write_text(text.replace("PATIENCE = 3600\n", f"PATIENCE = {HOUR}\n"))


def _mark(pod: Pod, exports: int, deletions: int) -> None:
    """So many of each are under way, and nobody does them."""
    pod.database.psql(
        f"INSERT INTO users (exporting) SELECT true FROM generate_series(1, {exports}); "
        f"INSERT INTO account_deletions SELECT FROM generate_series(1, {deletions})"
    )


def _marked(pod: Pod, mark: str) -> set[int]:
    found = pod.database.psql(f"SELECT id FROM {TABLES[mark]} WHERE {mark}")
    return {int(number) for number in found.split()}


def _plan(pod: Pod, where: str, worker: str, number: int) -> None:
    """A job whose time comes in an hour."""
    redis(pod, f"ZADD {where} {time.time() + 3600:.0f} '{_job(worker, number)}'")


def _job(worker: str, *arguments: int) -> str:
    return json.dumps(
        {
            "class": f"Workers::{worker}",
            "args": arguments,
            "queue": "low",
            "jid": f"{worker}{arguments}",
            "created_at": time.time(),
            "enqueued_at": time.time(),
        }
    )
