"""A machine is replaced, and what waited in the queue of the old one goes on in the new one."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .aws import Aws
from .figures import Figures
from .handovers import (
    all_of_it,
    fill,
    hand_overs,
    later,
    notes,
    queue,
    queue_many,
    sending,
    sets,
    through_the_front,
    to,
    told,
)
from .moves import BUCKET, redis
from .patience import until
from .pod import Pod, Pods
from .quiet import PATIENT
from .replace import beside, visited

# It shares bucket and secrets with the first.
SECOND = {"ExistingBucketName": BUCKET, "SecretsPath": "/diaspora/pod"}
PART = "What comes after a machine"


@pytest.fixture
def old(pods: Pods) -> Pod:
    return launched(pods)


def launched(pods: Pods, **answers: str) -> Pod:
    pod = pods.launch(**answers)
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


def test_everything_that_waits_goes_on_as_it_was_and_nobody_is_refused(
    pods: Pods, aws: Aws, figures: Figures
) -> None:
    old = launched(pods, **PATIENT)
    old.machine.succeed("systemctl stop diaspora-sidekiq")
    queue(old, "urgent", "first", "second")
    queue(old, "patient", "waits", enqueued_at=time.time() - 600)
    for place, hours in {"schedule": 1, "retry": 2, "dead": -3}.items():
        later(old, place, f"in {place}", hours)
    before = sets(old)
    with visited(old) as visits, sending("to the old", to(old)) as sent:
        new = beside(pods, old, **PATIENT)
        assert new.wait_for_signal().status == "SUCCESS"
        with ThreadPoolExecutor(1) as pool:
            ending = pool.submit(old.machine.terminate)
            # The front goes by what it knew for some seconds.
            time.sleep(8)
            new.take_front()
            ending.result()
        new.machine.wait_for_journal("jobs go on here", 60)
        # While somebody is there, nothing waits.
        until(lambda: set(notes(aws)) == {"first", "second", "waits", *sent.accepted}, 120)
    assert sent.accepted
    assert len(notes(aws)) == 3 + len(sent.accepted)
    assert (visits.failed, sets(new), hand_overs(aws)) == ([], before, [])
    assert "jobs are handed over" in told(old)
    until(lambda: "jobs go on here" in told(new))
    figures.add(PART, "requests while a machine is replaced", str(len(visits.found)))
    figures.add(PART, "of these refused", str(len(visits.failed)))
    figures.add(PART, "longest between two answers, seconds", f"{visits.outage:.1f}")
    assert_order(old)


def assert_order(pod: Pod) -> None:
    """Jobs stop first, then web; what it accepted last is handed over; then the rest stops."""
    journal = pod.machine.journal()
    steps = [
        r"Stopped diaspora-web\.service",
        r"jobs are handed over",
        r"Stopped redis-server\.service",
    ]
    places = [max(found.start() for found in re.finditer(step, journal)) for step in steps]
    assert places == sorted(places)
    assert journal.rindex("Stopped nginx.service") > places[1]


def test_jobs_that_run_are_finished_and_the_others_go_on(old: Pod, pods: Pods, aws: Aws) -> None:
    queue(old, "urgent", *(f"slow {number}" for number in range(12)))
    until(lambda: old.machine.succeed(_RUNNING).strip() == "5", every=0.1)
    with sending("late", to(old)) as sent:
        old.machine.terminate()
    assert sent.accepted
    assert sorted(notes(aws)) == [f"slow {number}" for number in range(5)]
    journal = old.machine.journal()
    assert journal.rindex("Stopped diaspora-sidekiq.service") < journal.rindex(
        "Stopped diaspora-web.service"
    )
    new = launched(pods)
    new.machine.wait_for_journal(f"{7 + len(sent.accepted)} jobs go on here", 60)
    until(lambda: len(notes(aws)) >= 12 + len(sent.accepted), 120)
    assert len(notes(aws)) == len(set(notes(aws))) == 12 + len(sent.accepted)


_RUNNING = "redis-cli -s /run/redis/redis-server.sock HLEN diaspora:running"


def test_a_machine_that_comes_back_has_its_jobs_once(old: Pod, aws: Aws) -> None:
    later(old, "schedule", "an hour later", 1)
    before = sets(old)
    old.machine.reboot()
    came_back(old)
    assert (sets(old), hand_overs(aws)) == (before, [])
    # The bucket goes when half of it is sent.
    aws.down("s3", after="POST /handover/")
    old.machine.terminate()
    aws.up("s3")
    assert "not handed over, and lost with this machine: 1 jobs: the bucket" in told(old)
    assert hand_overs(aws) == []
    old.machine.start()
    came_back(old)
    assert sets(old) == before
    # EC2's stop and start: its own file, and its own hand-over.
    old.machine.terminate()
    assert len(hand_overs(aws)) == 1
    old.machine.start()
    came_back(old)
    until(lambda: sets(old) == before)
    until(lambda: hand_overs(aws) == [])


def came_back(pod: Pod) -> None:
    pod.machine.wait_for_unit("diaspora-sidekiq.service", 180)


def test_one_machine_takes_it_and_none_whose_stack_does_not_own_the_domain(
    old: Pod, pods: Pods, aws: Aws
) -> None:
    later(old, "schedule", "an hour later", 1)
    before = sets(old)
    old.machine.terminate()
    waits = pods.make("second", OwnsDomain="no", **SECOND)
    waits.start()
    assert waits.wait_for_signal().status == "SUCCESS"
    for unit in ("successor", "takeover"):
        waits.machine.systemctl(f"start diaspora-{unit}")
        assert waits.machine.unit(f"diaspora-{unit}")["ActiveState"] == "inactive"
    assert len(hand_overs(aws)) == 1
    both = [pods.make() for _ in range(2)]
    for pod in both:
        pod.start()
    for pod in both:
        assert pod.wait_for_signal().status == "SUCCESS"
    until(lambda: hand_overs(aws) == [])
    assert sorted(sets(pod) == before for pod in both) == [False, True]
    waits.machine.terminate()
    assert hand_overs(aws) == []


def test_after_a_dump_nothing_is_handed_over_and_nobody_waits(old: Pod, aws: Aws) -> None:
    later(old, "schedule", "an hour later", 1)
    old.machine.succeed("diaspora-pod dump", 120)
    queue(old, "patient", "waits", enqueued_at=time.time())
    began = time.monotonic()
    old.machine.terminate()
    assert time.monotonic() - began < 60
    assert hand_overs(aws) == []
    assert "a dump was made here" in old.machine.journal("diaspora-handover")


def test_while_two_machines_live_each_does_its_own_jobs_and_none_twice(
    old: Pod, pods: Pods, aws: Aws
) -> None:
    new = beside(pods, old)
    assert new.wait_for_signal().status == "SUCCESS"
    with sending("old", to(old), 0.2) as one, sending("new", to(new), 0.2) as other:
        time.sleep(10)
    sent = sorted(one.accepted + other.accepted)
    assert one.accepted and other.accepted
    until(lambda: len(notes(aws)) >= len(sent), 120)
    assert sorted(notes(aws)) == sent
    # What comes by the clock each says by itself, and both do it.
    daily = [redis(pod, "SMEMBERS cron_jobs:default") for pod in (old, new)]
    assert len(daily[0].splitlines()) == 7
    assert sorted(daily[0].splitlines()) == sorted(daily[1].splitlines())


def test_ten_thousand_jobs_over_three_replacements_all_arrive(
    old: Pod, pods: Pods, aws: Aws, figures: Figures
) -> None:
    pod, before_the_end = old, 3_000
    with visited(old) as visits, sending("message", through_the_front(old)) as sent:
        for number in range(3):
            new = beside(pods, pod)
            assert new.wait_for_signal().status == "SUCCESS"
            new.take_front()
            queue_many(pod, f"lot {number}", before_the_end)
            pod.machine.terminate()
            new.machine.wait_for_journal("jobs go on here", 90)
            pod = new
        until(lambda: len(sent.accepted) >= 1_000, 180)
    wanted = {f"lot {lot} {job}" for lot in range(3) for job in range(1, before_the_end + 1)}
    wanted |= set(sent.accepted)
    until(lambda: wanted <= set(notes(aws)), 180, every=2)
    arrived = notes(aws)
    figures.add(PART, "jobs over three replacements", str(len(wanted)))
    figures.add(PART, "of these arrived", str(len(set(arrived))))
    figures.add(PART, "done twice", str(len(arrived) - len(set(arrived))))
    figures.add(PART, "pages and messages meanwhile", str(len(visits.found) + len(sent.accepted)))
    figures.add(PART, "refused of these", str(len(visits.failed) + sent.refused))
    assert set(arrived) == wanted
    assert len(wanted) >= 10_000
    assert (visits.failed, sent.refused) == ([], 0)


def test_a_full_queue_is_handed_over_in_seconds_and_fits(
    old: Pod, pods: Pods, aws: Aws, figures: Figures
) -> None:
    assert "OOM" in fill(old)
    later_than_all = all_of_it(old)
    began = time.monotonic()
    old.machine.terminate()
    took = time.monotonic() - began
    (key,) = hand_overs(aws)
    size = aws.s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"]
    new = launched(pods)
    new.machine.wait_for_journal(f"{later_than_all[2]} jobs go on here", 180)
    assert all_of_it(new) == later_than_all
    megabytes = f"{later_than_all[1] / 1e6:.0f} MB of jobs, {size / 1e6:.0f} MB in the bucket"
    figures.add(PART, "a full queue", megabytes)
    figures.add(PART, "the machine's end with it, seconds", f"{took:.0f}")
    figures.add(PART, "of these the hand-over", seconds_of(old, "diaspora-handover"))


def seconds_of(pod: Pod, unit: str) -> str:
    """From the beginning of a unit's stop to its end, by the journal's clock."""
    lines = pod.machine.journal(f"{unit}.service").splitlines()
    times = {
        word: float(re.search(r"\[\s*([\d.]+)\]", line)[1])  # type: ignore[index]
        for line in lines
        for word in ("Stopping", "Stopped")
        if word in line
    }
    return f"{times['Stopped'] - times['Stopping']:.1f}"


def test_a_machine_that_is_pulled_out_loses_its_queue(
    old: Pod, pods: Pods, aws: Aws, figures: Figures
) -> None:
    """What a kill costs: told, and not hidden."""
    old.machine.succeed("systemctl stop diaspora-sidekiq")
    with sending("before the cut", to(old), every=0.02) as sent:
        time.sleep(8)
        old.machine.crash()
    accepted = sent.accepted
    assert accepted
    figures.add(PART, "messages accepted before a power cut", str(len(accepted)))
    old.machine.start()
    came_back(old)
    until(lambda: old.machine.succeed(_LEFT).strip() == "0", 60)
    kept = set(notes(aws))
    figures.add(PART, "of these lost where the machine comes back", str(len(accepted) - len(kept)))
    assert kept <= set(accepted)
    later(old, "schedule", "an hour later", 1)
    old.machine.crash()
    new = launched(pods)
    assert (sets(new)[0], hand_overs(aws)) == ("", [])
    figures.add(PART, "of its queue, where the machine never comes back", "all")


_LEFT = (
    "redis-cli -s /run/redis/redis-server.sock "
    "EVAL \"return redis.call('llen', 'queue:urgent') + redis.call('llen', 'queue:patient')\" 0"
)
