"""An update fails behind its migration: CloudFormation goes back to the old machine.

The database cannot go back. The old machine runs on against it, reboots, and is made anew where it
is lost; then the update is tried again. CloudFormation makes the replacement first and deletes the
old one last, says its guide ("Understand update behaviors of stack resources"). That it goes back
to the very machine is concluded from that, and not shown here.
"""

from __future__ import annotations

import pytest

from .aws import Aws
from .figures import Figures
from .moves import redis, send
from .patience import repeating, until
from .pictures import FORM, noise, photo_form
from .pod import Pod, Pods
from .replace import replace, visited
from .test_database import MIGRATIONS, OF_A_LATER_IMAGE

APP = "opt/diaspora"
# A statement that a connection has prepared for a table is refused once that table is another.
MORE = "%i[notes photos].each {|table| add_column table, :language, :text, default: 'en' }"
REFUSED = "cached plan must not change result type"
# An old process leaves it out of what it inserts.
A_DUTY = "add_column :notes, :language, :text, null: false"
# Seconds between two photos: nginx takes no more of one visitor.
SELDOM = 2.5
GOES_ON = f"does not know {OF_A_LATER_IMAGE}, and goes on"


@pytest.fixture
def old(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


def test_the_old_pod_outlives_an_update_that_failed_behind_its_migration(
    pods: Pods, aws: Aws, old: Pod, figures: Figures
) -> None:
    statuses: list[int] = []
    with visited(old) as visits, repeating(lambda: statuses.append(_upload(old)), SELDOM):
        _fail_behind(pods, old, MORE)
        _works(old)
    what = "requests to the old pod while the new one migrated and failed"
    failed = len(visits.failed) + len(statuses) - statuses.count(200)
    figures.add("Rollback", what, f"{len(visits.found) + len(statuses)}, of which failed {failed}")
    figures.add("Rollback", "of them statements prepared before", str(aws.database.logged(REFUSED)))
    assert failed == 0
    assert _versions(aws) == {*MIGRATIONS, OF_A_LATER_IMAGE}

    old.machine.reboot()
    old.machine.wait_for_journal(GOES_ON)
    until(lambda: old.front.get("/people").status == 200, 120)
    _works(old)
    assert len(aws.signals) == 2

    # The machine is lost, and another one is made of the same image.
    repaired = replace(pods, old)
    signal = repaired.wait_for_signal()
    assert (signal.status, signal.step) == ("SUCCESS", "schema-newer")
    assert GOES_ON in repaired.machine.console()
    assert GOES_ON in aws.logs.text(repaired.settings["log_group"], repaired.instance_id)
    assert GOES_ON in " ".join(repaired.machine.run("diaspora-pod status")[1].split())
    _works(repaired)

    again = _with_migration(pods, repaired, MORE)
    again.start()
    signal = again.wait_for_signal()
    assert (signal.status, signal.step) == ("SUCCESS", "")
    assert "migrations to do" not in again.machine.journal("diaspora-migrate")
    again.take_front()
    repaired.machine.terminate()
    _works(again)


def test_what_a_newer_schema_makes_a_duty_fails_as_a_job_that_is_tried_again(
    pods: Pods, old: Pod
) -> None:
    """Nothing can mend it but an image that knows of it; nothing is lost until then."""
    _fail_behind(pods, old, A_DUTY)
    assert old.front.get("/people").status == 200
    assert send(old, "kept until it can be done") == 202
    until(lambda: redis(old, "ZCARD retry") == "1")
    assert "violates not-null constraint" in redis(old, "ZRANGE retry 0 -1")
    old.machine.reboot()
    until(lambda: old.front.get("/people").status == 200, 120)
    assert redis(old, "ZCARD retry") == "1"


def _fail_behind(pods: Pods, old: Pod, change: str) -> None:
    """An update of the stack whose image brings a migration, and then fails."""
    new = _with_migration(pods, old, change)
    puma = new.machine.root / APP / "config/puma.rb"
    puma.write_text(f"{puma.read_text()}raise 'planted'\n")
    new.start()
    signal = new.wait_for_signal()
    assert (signal.status, signal.step) == ("FAILURE", "web")
    new.machine.terminate()


def _with_migration(pods: Pods, old: Pod, change: str) -> Pod:
    """A machine of a later image, beside the old one; not started."""
    new = pods.make(old.stack.name, old.database)
    file = new.machine.root / APP / f"db/migrate/{OF_A_LATER_IMAGE}_later.rb"
    file.write_text(f"class Later < ActiveRecord::Migration[6.1]\n  def change\n{change}\nend\nend")
    return new


def _works(pod: Pod) -> None:
    """Pages, jobs and photos: everything that a visitor notices."""
    assert pod.front.get("/people").status == 200
    word = f"word of {pod.instance_id} {len(_received(pod))}"
    assert send(pod, word) == 202
    assert _upload(pod) == 200
    until(lambda: word in _received(pod))
    undone = "SELECT count(*) FROM photos WHERE NOT processed"
    until(lambda: pod.database.psql(undone) == "0" or redis(pod, "ZCARD retry") != "0", 120)
    assert redis(pod, "ZCARD retry") == "0"


def _upload(pod: Pod) -> int:
    return pod.front.post("/photos", photo_form(noise(300, 300)), headers=FORM).status


def _received(pod: Pod) -> list[str]:
    received: list[str] = pod.front.get("/received").json()["received"]
    return received


def _versions(aws: Aws) -> set[str]:
    return set(aws.database.psql("SELECT version FROM schema_migrations").split())
