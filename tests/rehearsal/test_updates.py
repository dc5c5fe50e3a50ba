"""Security updates that come by themselves: who uses a new library is restarted, and loses nothing.

The archive and its packages have no part in it: a library is replaced by itself, as dpkg does it,
and what installs updates every day is started by hand. It finds none. Nor is there a kernel that
could be replaced: that an update wants a restart is said as the package of a kernel says it.
"""

from __future__ import annotations

import time
from collections import Counter

import pytest

from .applications import Application
from .figures import Figures
from .patience import repeating, until
from .pictures import is_webp, noise, width
from .pod import Pod
from .test_reboot import ENCODED

UPDATE = "systemctl start apt-daily-upgrade.service"
# OpenSSL is nginx's, Redis' and Ruby's; GnuTLS is s3fs'.
LIBRARIES = ("libcrypto.so.3", "libgnutls.so.30")
USERS = (
    "diaspora-mount@images",
    "diaspora-mount@users",
    "diaspora-photos",
    "diaspora-sidekiq",
    "diaspora-web",
    "nginx",
    "redis-server",
)
SIDE = 300
WANTED = "/run/reboot-required"
RESTART = "systemctl start diaspora-reboot.service"
BOOT = "/proc/sys/kernel/random/boot_id"
PLANTED = "systemd-run --quiet --collect --unit=planted"
LET_IN = (
    "useradd --create-home somebody; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519; "
    "install -D --owner=somebody /root/.ssh/id_ed25519.pub ~somebody/.ssh/authorized_keys"
)
# Who is at work: how that begins, and what is said of it.
AT_WORK = {
    "somebody by ssh": (
        f"{LET_IN}; {PLANTED} ssh -o StrictHostKeyChecking=no somebody@localhost sleep 1000",
        "on the machine, by ssh",
    ),
    "somebody by Session Manager": (
        f"cp /usr/bin/sleep /run/ssm-session-worker; {PLANTED} /run/ssm-session-worker 1000",
        "on the machine, by Session Manager",
    ),
    "a move": (
        f"{PLANTED} flock /run/diaspora/moving sleep 1000",
        "the pod is being moved",
    ),
}


def test_an_update_of_nothing_restarts_nothing(pod: Pod) -> None:
    before = _processes(pod)
    pod.machine.succeed(UPDATE, 120)
    assert _processes(pod) == before


def test_an_update_of_a_library_restarts_its_users_and_loses_nothing(
    pod: Pod, application: Application
) -> None:
    before = _processes(pod)
    for library in LIBRARIES:
        file = pod.machine.succeed(f"realpath /usr/lib/*/{library}").strip()
        pod.machine.succeed(f"cp --preserve {file} {file}.new && mv {file}.new {file}")
    received: list[str] = []
    photos: list[str] = []
    photographer = application.photographer(pod)
    picture = noise(SIDE, SIDE)

    def receive() -> None:
        word = f"word-{time.monotonic_ns()}"
        answer = pod.front.post("/receive/public", f"xml={word}".encode(), headers=ENCODED)
        if answer.status == 202:
            received.append(word)

    def upload() -> None:
        if (path := photographer.upload(picture)) is not None:
            photos.append(path)

    with repeating(receive), repeating(upload):
        until(lambda: len(photos) > 1 and len(received) > 1)
        pod.machine.succeed(UPDATE, 300)
        taken = len(photos)
        until(lambda: len(photos) > taken, 120)
    after = _processes(pod)
    assert [unit for unit in USERS if after[unit] == before[unit]] == []
    pod.machine.say(f"{len(photos)} photos and {len(received)} messages taken meanwhile")
    until(lambda: set(received) <= set(pod.front.get("/received").json()["received"]))
    for path in photos:
        until(lambda path=path: _is_done(pod, path), 180)  # type: ignore[misc]


def test_no_machine_restarts_that_no_update_wants_to(pod: Pod) -> None:
    assert _restarts_not(pod) == ""


@pytest.mark.parametrize("who", AT_WORK)
def test_a_restart_interrupts_nobody_at_work(pod: Pod, who: str) -> None:
    begin, said = AT_WORK[who]
    pod.machine.succeed(f"{begin} && sleep 3 && touch {WANTED}")
    try:
        assert said in _restarts_not(pod)
    finally:
        pod.machine.succeed(f"systemctl stop planted; rm --force {WANTED}")


def test_a_machine_that_may_not_restart_itself_does_not(pod: Pod) -> None:
    """As prepare leaves it where AutomaticReboot is no."""
    mark = "/run/diaspora/reboots-itself"
    pod.machine.succeed(f"touch {WANTED}; mv {mark} {mark}.away")
    try:
        _restarts_not(pod)
    finally:
        pod.machine.succeed(f"mv {mark}.away {mark}; rm {WANTED}")


def test_a_restart_that_an_update_wants_is_done_and_loses_nothing(
    pod: Pod, figures: Figures
) -> None:
    signals = len(pod.aws.signals)
    answers: list[tuple[float, int]] = []
    received: list[str] = []

    def visit() -> None:
        answers.append((time.monotonic(), pod.front.get("/people").status))

    def receive() -> None:
        word = f"word-{time.monotonic_ns()}"
        answer = pod.front.post("/receive/public", f"xml={word}".encode(), headers=ENCODED)
        if answer.status == 202:
            received.append(word)

    with repeating(visit), repeating(receive):
        until(lambda: len(answers) > 3 and len(received) > 3)
        pod.machine.succeed(f"touch {WANTED}")
        pod.machine.reboot(f"{RESTART} --no-block")
        until(lambda: answers[-1][1] == 200, 120)
        taken = len(received)
        until(lambda: len(received) > taken + 3)
    pod.machine.fail(f"test -e {WANTED}")
    until(lambda: set(received) <= set(pod.front.get("/received").json()["received"]))
    assert len(pod.aws.signals) == signals
    pod.machine.wait_for_unit("metadata-firewall")
    failed = [(at, status) for at, status in answers if status != 200]
    last = max(at for at, status in answers if status == 200 and at < failed[0][0])
    first = min(at for at, status in answers if status == 200 and at > failed[-1][0])
    counts = Counter(status for _, status in failed)
    statuses = ", ".join(f"{count} times {status}" for status, count in counts.items())
    figures.add(
        "Updates",
        "a restart for an update's sake, from the last page to the next",
        f"{first - last:.1f} s; asked meanwhile: {statuses}",
    )
    # No restart is taken for a machine that hangs, which an alarm restarts.
    alarm = pod.stack.rendered.resources["RebootAlarm"]["Properties"]
    assert first - last < alarm["Period"] * alarm["EvaluationPeriods"]


def _restarts_not(pod: Pod) -> str:
    """Have the machine look whether it should restart; what it says of why it does not."""
    before = pod.machine.read(BOOT)
    began = pod.machine.succeed("date +%s").strip()
    pod.machine.succeed(f"{RESTART}; sleep 2")
    assert pod.machine.read(BOOT) == before
    assert pod.machine.unit("diaspora-reboot")["ActiveState"] == "inactive"
    return pod.machine.succeed(
        f"journalctl --since=@{began} --output=cat --unit=diaspora-reboot _COMM=diaspora-pod"
    )


def _is_done(pod: Pod, path: str) -> bool:
    found = pod.aws.s3.get_object(Bucket=pod.settings["bucket"], Key=path.lstrip("/"))
    content = bytes(found["Body"].read())
    return is_webp(content) and width(content) == SIDE


def _processes(pod: Pod) -> dict[str, str]:
    return {unit: pod.machine.unit(unit)["MainPID"] for unit in USERS}
