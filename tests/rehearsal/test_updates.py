"""Security updates that come by themselves: who uses a new library is restarted, and loses nothing.

The archive and its packages have no part in it: a library is replaced by itself, as dpkg does it,
and what installs updates every day is started by hand. It finds none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .applications import Application
from .patience import until
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

    with _repeating(receive), _repeating(upload):
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


def _is_done(pod: Pod, path: str) -> bool:
    found = pod.aws.s3.get_object(Bucket=pod.settings["bucket"], Key=path.lstrip("/"))
    content = bytes(found["Body"].read())
    return is_webp(content) and width(content) == SIDE


@contextmanager
def _repeating(action: Callable[[], None]) -> Iterator[None]:
    """While something is done again and again, twice a second."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.5):
            action()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _processes(pod: Pod) -> dict[str, str]:
    return {unit: pod.machine.unit(unit)["MainPID"] for unit in USERS}
