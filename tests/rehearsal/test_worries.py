"""What the pod mails its admin: each cause once a day, and nothing while all is well."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from diaspora_pod.operator.sights import RELIED_ON
from diaspora_pod.operator.worries import WORRIES, Worry

from .fakes.notices import Notice
from .figures import Figures
from .pod import Pod
from .quiet import PATIENT, undisturbed

LOOK = "systemctl start diaspora-worries.service"
TOLD = "/var/lib/diaspora-worries/told"
SOCKET = "/run/redis/redis-server.sock"
LATE = json.dumps({"class": "Workers::Planted", "enqueued_at": time.time() - 3600})
MANIFEST = "/usr/share/diaspora/manifest.json"
MIGRATED = "/run/diaspora/progress-migrate"
STORE = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Fault:
    """What makes a cause, what its mail says of it, and what takes it away."""

    plant: str
    words: str
    mend: str


FAULTS = {
    "disk": Fault(
        # Nine tenths of what is free.
        "free=$(df --output=avail --block-size=1 / | tail -n 1); "
        "fallocate --length=$((free / 10 * 9)) /planted",
        "/ is 9",
        "rm /planted",
    ),
    "units": Fault(
        "systemd-run --quiet --unit=planted false; sleep 1",
        "planted.service (failed)",
        "systemctl reset-failed planted.service",
    ),
    "jobs": Fault(
        f"redis-cli -s {SOCKET} sadd queues planted; "
        f"redis-cli -s {SOCKET} lpush queue:planted '{LATE}'",
        "in the queue planted has waited for",
        f"redis-cli -s {SOCKET} del queue:planted",
    ),
    "reboot": Fault(
        "touch --date='2 days ago' /run/reboot-required; echo libc6 > /run/reboot-required.pkgs",
        "for libc6",
        "rm /run/reboot-required*",
    ),
    "image": Fault(
        f"cp --preserve {MANIFEST} /root; touch --date='61 days ago' {MANIFEST}",
        "it was built on",
        f"cp --preserve /root/manifest.json {MANIFEST}",
    ),
    "schema": Fault(
        f"cp --preserve {MIGRATED} /root; "
        f"""echo '{{"step": "schema-newer", "reason": "does not know 3"}}' > {MIGRATED}""",
        "does not know 3",
        f"cp --preserve /root/progress-migrate {MIGRATED}",
    ),
    "updates": Fault(
        "echo -n nginx > /var/lib/unattended-upgrades/kept-back",
        "held back: nginx",
        "rm /var/lib/unattended-upgrades/kept-back",
    ),
    "authorities": Fault(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -days 80 "
        f"-subj '/O=Amazon/CN=Planted' -out /root/planted.pem; cat /root/planted.pem >> {STORE}",
        "Planted on",
        "update-ca-certificates",
    ),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return PATIENT


@pytest.fixture(autouse=True)
def untold(pod: Pod) -> None:
    """Nobody was told of anything yet, nor is for a quarter of an hour, unless a story asks."""
    # systemd starts nothing more than five times within ten seconds, unless it forgets them.
    pod.machine.succeed(
        f"rm -f {TOLD}; systemctl reset-failed diaspora-worries.timer; "
        "systemctl restart diaspora-worries.timer"
    )


def test_a_pod_that_is_well_mails_nothing_and_wakes_no_database(pod: Pod, figures: Figures) -> None:
    with undisturbed(pod):
        assert looks(pod) == []
    assert "not seen" not in pod.machine.journal("diaspora-worries")
    timed = pod.machine.succeed("TIMEFORMAT='%R %U %S'; time diaspora-pod worries")
    took, used, of_kernel = map(float, timed.split()[-3:])
    figures.add("Worries", "a look", f"{took:.1f} s, CPU {used + of_kernel:.1f} s")


def test_there_is_a_fault_for_every_cause() -> None:
    assert set(FAULTS) == {worry.cause for worry in WORRIES}


@pytest.mark.parametrize("worry", WORRIES, ids=[worry.cause for worry in WORRIES])
def test_each_cause_is_mailed_and_not_twice_a_day(pod: Pod, worry: Worry) -> None:
    with planted(pod, worry.cause):
        (notice,) = looks(pod)
        assert notice.topic == pod.settings["alarm_topic"]
        assert notice.subject == f"pod.example.org: {worry.title}"
        assert FAULTS[worry.cause].words in notice.text
        assert looks(pod) == []


def test_the_system_has_the_authorities_on_which_an_eye_is_kept(pod: Pod) -> None:
    shown = f"openssl storeutl -noout -text -certs {STORE} | grep Subject:"
    subjects = pod.machine.succeed(shown)
    assert [name for name in RELIED_ON if name not in subjects] == []


def test_it_looks_by_itself(pod: Pod) -> None:
    timer = pod.machine.unit("diaspora-worries.timer")
    assert (timer["ActiveState"], timer["SubState"]) == ("active", "waiting")
    when = pod.machine.systemctl("show --property=TimersMonotonic diaspora-worries.timer")
    assert "OnUnitActiveUSec=1h" in when


def test_a_topic_that_is_away_is_told_later_and_fails_nothing(pod: Pod) -> None:
    with planted(pod, "updates"):
        pod.aws.down("sns")
        assert looks(pod) == []
        assert "not mailed" in pod.machine.journal("diaspora-worries")
        assert pod.machine.unit("diaspora-worries")["Result"] == "success"
        pod.aws.up("sns")
        assert len(looks(pod)) == 1


def test_a_topic_of_which_nothing_comes_back_holds_nothing_up(pod: Pod) -> None:
    host = "sns.eu-west-1.amazonaws.com"
    with planted(pod, "updates"):
        pod.machine.block(host)
        began = time.monotonic()
        assert looks(pod) == []
        assert time.monotonic() - began < 60
        pod.machine.unblock(host)
        assert len(looks(pod)) == 1


def test_a_queue_that_is_away_keeps_nothing_else_from_being_told(pod: Pod) -> None:
    with planted(pod, "updates"):
        pod.machine.succeed(f"mv {SOCKET} {SOCKET}.away")
        assert len(looks(pod)) == 1
        pod.machine.succeed(f"mv {SOCKET}.away {SOCKET}")
    assert "jobs: not seen: Transient: the queue" in pod.machine.journal("diaspora-worries")


def test_what_was_told_is_not_told_again_after_a_reboot(pod: Pod) -> None:
    with planted(pod, "updates"):
        assert len(looks(pod)) == 1
        pod.machine.reboot()
        pod.machine.wait_for_unit("diaspora-sidekiq")
        pod.machine.wait_for_unit("nginx")
        assert looks(pod) == []


def test_the_application_cannot_mail_anybody(pod: Pod) -> None:
    as_app = "runuser --user diaspora --"
    with planted(pod, "updates"):
        before = len(pod.aws.topics.notices)
        pod.machine.fail(f"{as_app} diaspora-pod worries")
        program = (
            "import sys; sys.path.insert(0, '/usr/lib/diaspora'); "
            "from diaspora_pod import aws; "
            "aws.client('sns', 'eu-west-1').publish(TopicArn='{}', Subject='a', Message='b')"
        ).format(pod.settings["alarm_topic"])
        refused = pod.machine.fail(f'{as_app} /usr/bin/python3 -c "{program}"')
        assert "Error retrieving metadata" in refused
        assert len(pod.aws.topics.notices) == before


def looks(pod: Pod) -> list[Notice]:
    """Have the pod look; what it mails."""
    before = len(pod.aws.topics.notices)
    pod.machine.succeed(LOOK, 120)
    return pod.aws.topics.notices[before:]


@contextmanager
def planted(pod: Pod, cause: str) -> Iterator[None]:
    """While there is a cause."""
    fault = FAULTS[cause]
    pod.machine.succeed(fault.plant)
    try:
        yield
    finally:
        pod.machine.succeed(fault.mend)
