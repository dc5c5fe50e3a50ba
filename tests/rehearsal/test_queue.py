"""The queue's file after a power cut, and jobs whose process was killed."""

from __future__ import annotations

import pytest

from .patience import until
from .pod import Pod, Pods

ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
FOLDER = "/var/lib/redis/appendonlydir"
GROWING = f"{FOLDER}/appendonly.aof.1.incr.aof"
DAMAGE = {
    "zeros at the end": f"dd if=/dev/zero bs=4096 count=1 >> {GROWING}",
    "nonsense at the end": f"head -c 1000 /dev/urandom >> {GROWING}",
    "a cut": f"truncate --size=-3 {GROWING}",
    "zeros in the middle": f"dd if=/dev/zero of={GROWING} bs=1 seek=60 count=20 conv=notrunc",
    "a list of its parts that is all zeros": (
        f"truncate --size=0 {FOLDER}/appendonly.aof.manifest; "
        f"truncate --size=88 {FOLDER}/appendonly.aof.manifest"
    ),
    "an empty list of its parts": f": > {FOLDER}/appendonly.aof.manifest",
    "a part that is gone": f"rm {FOLDER}/appendonly.aof.1.base.rdb",
}

# As where a job's class has to be loaded, and others have the processor.
SLOW_STARTS = "Rails.application.reloader.to_run { sleep 2 } if Sidekiq.server?\n"
WAITING = "redis-cli -s /run/redis/redis-server.sock LLEN queue:urgent"
KILL_AS_SOON_AS_ONE_IS_TAKEN = (
    f"until [ $({WAITING}) -lt 15 ]; do :; done; systemctl kill --signal=KILL diaspora-sidekiq"
)


@pytest.fixture
def pod(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_queue_starts_again_whatever_a_power_cut_has_left(pod: Pod, damage: str) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    send(pod, "before")
    pod.machine.systemctl("stop redis-server")
    pod.machine.succeed(DAMAGE[damage])
    pod.machine.systemctl("start redis-server")
    assert "the queue's file is damaged" in pod.machine.journal("redis-server")
    pod.machine.succeed("test -d /var/lib/redis/damaged")
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: pod.front.post("/receive/public", b"xml=after", headers=ENCODED).status == 202)
    until(lambda: "after" in pod.front.get("/received").json()["received"])


def test_what_was_accepted_before_the_damage_is_done(pod: Pod) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    send(pod, "before")
    pod.machine.systemctl("stop redis-server")
    pod.machine.succeed(DAMAGE["zeros at the end"])
    pod.machine.systemctl("start redis-server diaspora-sidekiq")
    until(lambda: pod.front.get("/received").json()["received"] == ["before"])


def test_a_queue_that_is_whole_is_left_alone(pod: Pod) -> None:
    pod.machine.systemctl("restart redis-server")
    assert "damaged" not in pod.machine.journal("redis-server")
    pod.machine.fail("test -e /var/lib/redis/damaged")


def test_a_job_that_runs_when_its_process_is_killed_is_done_by_the_next_one(pod: Pod) -> None:
    send(pod, "slow")
    until(lambda: "slow" in queue(pod, "HVALS diaspora:running"))
    pod.machine.systemctl("kill --signal=KILL diaspora-sidekiq")
    pod.machine.wait_for_journal("put back, killed 1 times: Workers::ReceivePublic")
    until(lambda: pod.front.get("/received").json()["received"] == ["slow"], 60)
    assert queue(pod, "HLEN diaspora:running") == "0"


def test_a_process_that_is_killed_while_it_takes_jobs_loses_none(pod: Pod) -> None:
    """Killed as soon as one of its threads has a job, which it does only seconds later."""
    pod.machine.write("/opt/diaspora/config/initializers/zz_slow_starts.rb", SLOW_STARTS)
    sent: set[str] = set()
    for turn in range(2):
        pod.machine.systemctl("stop diaspora-sidekiq")
        for body in (f"{turn}-{number}" for number in range(15)):
            send(pod, body)
            sent.add(body)
        pod.machine.systemctl("start --no-block diaspora-sidekiq")
        pod.machine.succeed(KILL_AS_SOON_AS_ONE_IS_TAKEN)
        until(lambda: {*pod.front.get("/received").json()["received"]} == sent)
        until(lambda: queue(pod, "HLEN diaspora:running") == "0")
    assert "put back, killed 1 times" in pod.machine.journal("diaspora-sidekiq")


def test_a_job_that_brings_sidekiq_down_three_times_is_set_aside(pod: Pod) -> None:
    send(pod, "deadly")
    pod.machine.wait_for_journal("set aside, killed 3 times: Workers::ReceivePublic", 120)
    send(pod, "later")
    until(lambda: pod.front.get("/received").json()["received"] == ["later"], 60)
    assert queue(pod, "ZCARD dead") == "1"
    assert pod.machine.unit("diaspora-sidekiq")["NRestarts"] == "3"


def send(pod: Pod, body: str) -> None:
    answer = pod.front.post("/receive/public", f"xml={body}".encode(), headers=ENCODED)
    assert answer.status == 202


def queue(pod: Pod, command: str) -> str:
    return pod.machine.succeed(f"redis-cli -s /run/redis/redis-server.sock {command}").strip()
