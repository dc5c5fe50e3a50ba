"""The database's password is changed by an update of the stack: the database and the pod, in turn.

PostgreSQL has one password at a time. Whoever is connected stays so; whoever comes meanwhile is
told to come again. CloudFormation changes the database first, because the pod is made of what it
says; RDS applies a password while the cluster is in use, and a new pod may be faster than that.
"""

from __future__ import annotations

import time

import pytest

from .aws import Aws
from .figures import Figures
from .moves import PASSWORD, redis, send
from .patience import until
from .pod import Pod, Pods
from .replace import beside, visited

PARAMETER = "/diaspora/database/password"
NEXT = "another<%= 1 %>'#\\,%s"
PART = "Rotation"
# Longer than a connection is kept that nobody uses.
SELDOM = 11.0


@pytest.fixture
def old(pods: Pods, aws: Aws) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    aws.ssm.put(PARAMETER, NEXT)
    return pod


@pytest.mark.parametrize("every", [0.2, SELDOM], ids=["often", "seldom"])
def test_the_database_changes_first(
    pods: Pods, aws: Aws, old: Pod, figures: Figures, every: float
) -> None:
    with visited(old, every=every) as visits, visited(old, "/") as quiet:
        until(lambda: len(visits.found) > 1)
        changed = time.monotonic()
        aws.database.take_password(NEXT)
        assert send(old, "told during the change") == 202
        new = beside(pods, old, DatabasePasswordVersion="2")
        assert new.wait_for_signal().status == "SUCCESS"
        # Done with a connection that was open, or tried again until the pod is another one.
        assert _jobs(old) + _done(aws) == 1
        new.take_front()
        seconds = time.monotonic() - changed
        until(lambda: visits.found[-1].began > changed + seconds, 60)
    figures.add(
        PART,
        f"the database first, somebody asks every {every:.1f} s",
        f"{len(visits.failed)} of {len(visits.found)} requests told to come again, "
        f"in {seconds:.0f} s",
    )
    assert {visit.status for visit in visits.failed} <= {503}
    assert visits.found[-1] not in visits.failed
    # Connections that are in use outlive it all; who has none, waits for the new pod.
    assert bool(visits.failed) == (every == SELDOM)
    assert quiet.failed == []


def test_the_new_pod_is_first_and_waits_for_the_database(
    pods: Pods, aws: Aws, old: Pod, figures: Figures
) -> None:
    with visited(old) as visits:
        new = beside(pods, old, DatabasePasswordVersion="2")
        new.machine.wait_for_journal("database: .*authentication failed")
        # As long as RDS takes; what fails for a minute and a half fails the update.
        time.sleep(20)
        changed = time.monotonic()
        aws.database.take_password(NEXT)
        assert new.wait_for_signal().status == "SUCCESS"
        new.take_front()
        seconds = time.monotonic() - changed
    figures.add(PART, "the new pod first: from the change to the front", f"{seconds:.0f} s")
    assert visits.failed == []


def test_a_pod_with_the_old_password_shows_a_page_that_says_so(aws: Aws, old: Pod) -> None:
    """For the minutes that an update takes; and where it is taken back, all is as it was."""
    aws.database.take_password(NEXT)
    until(lambda: old.front.get("/people").status == 503)
    answer = old.front.get("/people")
    assert "is waking up" in answer.text
    assert send(old, "kept") == 202
    # CloudFormation goes back to the old one, where the update fails.
    aws.database.take_password(PASSWORD)
    until(lambda: old.front.get("/people").status == 200)
    until(lambda: _done(aws) == 1, 120)


def _jobs(pod: Pod) -> int:
    """How many wait, of whatever kind."""
    waiting = redis(pod, "LLEN queue:urgent"), redis(pod, "ZCARD retry")
    return sum(map(int, waiting))


def _done(aws: Aws) -> int:
    """How many messages were received."""
    return int(aws.database.psql("SELECT count(*) FROM notes"))
