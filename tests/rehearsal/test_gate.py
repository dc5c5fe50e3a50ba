"""What other pods send waits while nobody uses the database, and nothing is lost of it.

One pod for all stories; each begins when nobody has been there for a while. The clock is not moved:
what waits is made older, or of the future, where it stands in the queue.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest

from .gate import NOTICED, SOON, connected, fall_asleep, redis, waiting
from .log import say
from .patience import until
from .pod import Pod, Pods

ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
MINUTES = 240
PATIENCE = MINUTES * 60
ENVIRONMENT = "/run/diaspora/application.env"


@pytest.fixture(scope="module")
def running(module_pods: Pods) -> Pod:
    pod = module_pods.launch(FederationPatience=str(MINUTES))
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


@pytest.fixture
def pod(running: Pod) -> Iterator[Pod]:
    """Nobody is there, nothing waits, and nothing was ever received."""
    running.aws.database.psql("TRUNCATE notes")
    fall_asleep(running)
    yield running
    come(running)
    until(lambda: waiting(running) == 0)


def test_messages_and_second_deliveries_wait_until_somebody_comes(pod: Pod) -> None:
    receive(pod, "public")
    queue_job(pod, "ReceivePrivate", 1, "private")
    queue_job(pod, "SendPublic", 1, "public again", ["https://away.example.org"], "<xml/>", 1)
    queue_job(pod, "SendPrivate", 1, "private again", {"https://away.example.org": "<xml/>"}, 9)
    time.sleep(2 * NOTICED)
    assert (waiting(pod), notes(pod), connected(pod)) == (4, [], False)
    come(pod)
    seconds = until(lambda: len(notes(pod)) == 4, SOON)
    say(f"let through {seconds:.1f} s after somebody came")
    assert waiting(pod) == 0


def test_first_deliveries_mails_and_what_else_there_is_never_wait(pod: Pod) -> None:
    for arguments in (
        ("SendPublic", 1, "a post of ours", ["https://friends.example.org"], "<xml/>"),
        ("SendPublic", 1, "another", ["https://friends.example.org"], "<xml/>", 0),
        ("SendPrivate", 1, "a message of ours", {"https://friends.example.org": "<xml/>"}),
        ("Mail", "a mail"),
    ):
        queue_job(pod, *arguments)
        assert waiting(pod) == 0
        until(lambda: bool(notes(pod)), SOON)
        pod.aws.database.psql("TRUNCATE notes")
        fall_asleep(pod)


def test_the_oldest_waits_as_long_as_was_chosen(pod: Pod) -> None:
    receive(pod, "old")
    receive(pod, "new")
    make_older(pod, PATIENCE - 20)
    time.sleep(NOTICED)
    assert waiting(pod) == 2
    until(lambda: sorted(notes(pod)) == ["new", "old"], 20 + SOON)


def test_three_hundred_do_not_wait(pod: Pod) -> None:
    receive(pod, "one of many")
    copy(pod, 298)
    time.sleep(NOTICED)
    assert waiting(pod) == 299
    receive(pod, "the last")
    until(lambda: len(notes(pod)) == 300)


def test_sixteen_megabytes_do_not_wait(pod: Pod) -> None:
    """Of Redis' memory: a message of 400 KB takes 448 of it."""
    receive(pod, "x" * 400_000)
    copy(pod, 29)
    time.sleep(NOTICED)
    assert waiting(pod) == 30
    copy(pod, 10)
    until(lambda: len(notes(pod)) == 40)


def test_a_message_that_failed_waits_when_it_is_due_again(pod: Pod) -> None:
    receive(pod, "once more")
    make_older(pod, PATIENCE + 1)
    until(lambda: redis(pod, "ZCARD retry") == "1")
    # It goes there by its own queue, and so does even where nothing waits any longer by then.
    assert json.loads(redis(pod, "ZRANGE retry 0 0"))["queue"] == "urgent"
    fall_asleep(pod)
    redis(pod, f"ZADD retry XX 0 '{redis(pod, 'ZRANGE retry 0 0')}'")
    until(lambda: waiting(pod) == 1)
    time.sleep(NOTICED)
    assert (waiting(pod), notes(pod)) == (1, [])
    come(pod)
    until(lambda: notes(pod) == ["once more"], SOON)


DOUBTS: dict[str, Callable[[dict[str, object]], object]] = {
    "a clock that was set back": lambda job: job.update(enqueued_at=time.time() + 3600),
    "no time": lambda job: job.pop("enqueued_at"),
    "a time that is none": lambda job: job.update(enqueued_at="yesterday"),
}


@pytest.mark.parametrize("doubt", DOUBTS)
def test_what_nobody_knows_the_age_of_does_not_wait(pod: Pod, doubt: str) -> None:
    receive(pod, "of an unknown age")
    change_oldest(pod, DOUBTS[doubt])
    until(lambda: notes(pod) == ["of an unknown age"], SOON)


def test_a_kill_loses_nothing_that_waits(pod: Pod) -> None:
    restarts = pod.machine.unit("diaspora-sidekiq")["NRestarts"]
    for number in range(5):
        receive(pod, str(number))
    pod.machine.systemctl("kill --signal=KILL diaspora-sidekiq")
    until(lambda: pod.machine.unit("diaspora-sidekiq")["NRestarts"] != restarts)
    pod.machine.wait_for_unit("diaspora-sidekiq")
    come(pod)
    until(lambda: sorted(notes(pod)) == list("01234"), SOON)


def test_a_kill_in_the_midst_of_it_loses_nothing_and_mixes_up_nothing(pod: Pod) -> None:
    bodies = [f"slow {number}" for number in range(12)]
    for body in bodies:
        receive(pod, body)
    make_older(pod, PATIENCE + 1)
    until(lambda: redis(pod, "HLEN diaspora:running") == "5")
    pod.machine.systemctl("kill --signal=KILL diaspora-sidekiq")
    pod.machine.wait_for_journal("put back, killed 1 times: Workers::ReceivePublic")
    # The oldest is the oldest still, and so they go on by themselves.
    until(lambda: len(notes(pod)) == 12, 120)
    # Those that were put back came before those that had never begun.
    assert set(notes(pod)[:5]) == set(bodies[:5])
    assert sorted(notes(pod)) == sorted(bodies)
    assert [redis(pod, f"ZCARD {name}") for name in ("retry", "dead")] == ["0", "0"]
    assert redis(pod, "HLEN diaspora:running") == "0"


def test_what_waits_outlives_a_restart_of_redis(pod: Pod) -> None:
    receive(pod, "before")
    pod.machine.systemctl("restart redis-server")
    until(lambda: pod.front.post("/receive/public", b"xml=after", headers=ENCODED).status == 202)
    # Whether they wait on is chance: a queue that does not answer is a doubt, and opens the gate.
    come(pod)
    until(lambda: sorted(notes(pod)) == ["after", "before"], SOON)


def test_a_queue_that_is_away_ends_nothing(pod: Pod) -> None:
    receive(pod, "before")
    restarts = pod.machine.unit("diaspora-sidekiq")["NRestarts"]
    pod.machine.systemctl("stop redis-server")
    time.sleep(2 * NOTICED)
    pod.machine.systemctl("start redis-server")
    assert pod.machine.unit("diaspora-sidekiq")["NRestarts"] == restarts
    until(lambda: pod.front.post("/receive/public", b"xml=after", headers=ENCODED).status == 202)
    come(pod)
    until(lambda: sorted(notes(pod)) == ["after", "before"], SOON)


def test_where_nobody_knows_who_is_connected_nothing_waits(pod: Pod) -> None:
    library = "/opt/diaspora/lib/database_sleep.rb"
    pod.machine.succeed(f"sed -i.kept s:/proc/net/tcp6:/proc/net/missing: {library}")
    pod.machine.systemctl("restart diaspora-sidekiq")
    fall_asleep(pod)
    receive(pod, "at once")
    until(lambda: notes(pod) == ["at once"], SOON)
    assert "messages need not wait: Errno::ENOENT" in pod.machine.journal("diaspora-sidekiq")
    pod.machine.succeed(f"mv {library}.kept {library}")
    pod.machine.systemctl("restart diaspora-sidekiq")


def test_at_rest_the_gate_costs_next_to_nothing(pod: Pod) -> None:
    receive(pod, "waits")
    before = int(pod.machine.unit("diaspora-sidekiq")["CPUUsageNSec"])
    time.sleep(30)
    after = int(pod.machine.unit("diaspora-sidekiq")["CPUUsageNSec"])
    say(f"sidekiq at rest took {(after - before) / 1e9 * 2:.2f} s of the processor a minute")
    assert after - before < 0.5e9
    assert (waiting(pod), connected(pod)) == (1, False)


def test_another_patience_holds_from_the_next_start_on(pod: Pod) -> None:
    be_patient(pod, 30)
    fall_asleep(pod)
    receive(pod, "waits")
    make_older(pod, 29 * 60)
    time.sleep(NOTICED)
    assert waiting(pod) == 1
    make_older(pod, 31 * 60)
    until(lambda: notes(pod) == ["waits"], SOON)
    be_patient(pod, MINUTES)


def test_switched_off_nothing_waits_any_longer(pod: Pod) -> None:
    receive(pod, "from before")
    pod.machine.systemctl("stop diaspora-sidekiq")
    be_patient(pod, 0)
    until(lambda: notes(pod) == ["from before"], SOON)
    restart_web(pod)
    fall_asleep(pod)
    receive(pod, "at once")
    until(lambda: notes(pod) == ["from before", "at once"], SOON)
    be_patient(pod, MINUTES)
    restart_web(pod)


def test_a_shutdown_wakes_nobody_and_what_waits_waits_on(pod: Pod) -> None:
    """As long as it would have: the next machine may be this one."""
    receive(pod, "one of many")
    copy(pod, 79)
    before = pod.aws.database.connections
    pod.machine.shutdown()
    assert (notes(pod), pod.aws.database.connections) == ([], before)
    pod.machine.start()
    pod.machine.wait_for_unit("diaspora-sidekiq", 300)
    pod.machine.wait_for_journal("80 jobs go on here")
    come(pod)
    until(lambda: len(notes(pod)) == 80, SOON)


def come(pod: Pod) -> None:
    """Be somebody who asks the database: a page, a mail, or an admin's command, it is all one."""
    ask = f"exec 3<>/dev/tcp/{pod.settings['database_host']}/5432; sleep 8"
    pod.machine.succeed(f"systemd-run --quiet bash -c '{ask}'")


def receive(pod: Pod, body: str) -> None:
    answer = pod.front.post("/receive/public", f"xml={body}".encode(), headers=ENCODED)
    assert answer.status == 202


def queue_job(pod: Pod, worker: str, *arguments: object) -> None:
    body = f"arguments={json.dumps(arguments)}".encode()
    assert pod.front.post(f"/jobs/{worker}", body, headers=ENCODED).status == 202


def notes(pod: Pod) -> list[str]:
    """What the jobs have done, five at a time; asked past the pod, which notices nothing."""
    return pod.aws.database.psql("SELECT body FROM notes ORDER BY id").splitlines()


def make_older(pod: Pod, seconds: float) -> None:
    """Let the oldest message have waited for so long."""
    change_oldest(pod, lambda job: job.update(enqueued_at=time.time() - seconds))


def change_oldest(pod: Pod, change: Callable[[dict[str, object]], object]) -> None:
    job = json.loads(redis(pod, "LINDEX queue:patient -1"))
    change(job)
    assert redis(pod, "LSET queue:patient -1", json.dumps(job)) == "OK"


def copy(pod: Pod, times: int) -> None:
    """Queue the oldest message so many times more."""
    script = (
        "local job = redis.call([[lindex]], [[queue:patient]], -1) "
        f"for _ = 1, {times} do redis.call([[lpush]], [[queue:patient]], job) end"
    )
    redis(pod, f'EVAL "{script}" 0')


def be_patient(pod: Pod, minutes: int) -> None:
    """What a reboot after a change of the setting comes to."""
    pod.machine.write(ENVIRONMENT, f"FEDERATION_PATIENCE={minutes}\n")
    pod.machine.systemctl("restart diaspora-sidekiq")


def restart_web(pod: Pod) -> None:
    # It has a minute to stop, and Rails is loaded anew beside all other lanes.
    pod.machine.succeed("systemctl restart diaspora-web", seconds=180)
