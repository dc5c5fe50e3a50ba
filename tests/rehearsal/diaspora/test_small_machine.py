"""The whole pod in the memory of the smallest machine, at the worst moment: does it live?

The limit is the host's, set from outside. The limits that units have on a machine of that size are
not here, and neither are Ubuntu's services.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ..cgroup import MEMORY, Memory
from ..fakes.far_pod import FarPod
from ..figures import Figures
from ..memory import memory, peak
from ..patience import until
from ..pod import Pod, Pods
from .conftest import ADMIN, jobs
from .life import Life
from .person import Person, make_account
from .test_image import photo

MIB = 1024 * 1024
# What Linux shows of 1 GiB when it has taken its own share.
SIZE = 940 * MIB
SWAP = 1024 * MIB
MESSAGES = 300
UNITS = ("diaspora-web", "diaspora-sidekiq", "redis-server", "nginx", "diaspora-photos")


def _swap() -> int:
    """Bytes of swap that the host has."""
    lines = Path("/proc/swaps").read_text().splitlines()[1:]
    return sum(int(line.split()[2]) * 1024 for line in lines)


@pytest.mark.skipif(not MEMORY.exists(), reason="the host bounds memory in another way")
@pytest.mark.parametrize("swap", [0, SWAP], ids=["without swap", "with swap"])
def test_a_photo_an_export_and_hundreds_of_messages_at_once_fit_into_one_gigabyte(
    swap: int, pods: Pods, far: FarPod, figures: Figures
) -> None:
    if _swap() < swap:
        pytest.skip("the host has no swap")
    pod = pods.prepare()
    bound = pod.machine.memory = Memory(pod.machine.name, SIZE, swap)
    pod.start()
    signal = pod.wait_for_signal(600)
    assert signal.status == "SUCCESS"
    password = make_account(pod, *ADMIN)
    reader, writer = _logged_in(pod, password), _logged_in(pod, password)
    life = Life(pod, far, [reader])
    until(lambda: jobs(pod) == 0)
    alone = statistics.median(reader.get("/stream").seconds for _ in range(5))
    rest = sum(memory(pod.machine).values())
    with peak(pod.machine) as most:
        pages, took = _worst_moment(pod, life, reader, writer)
    found = {
        "a first boot": f"{signal.at:.0f} s",
        "processes, at rest and at most": f"{rest / MIB:.0f} MiB, {most.total / MIB:.0f} MiB",
        "in swap afterwards": f"{bound.swapped() / MIB:.0f} MiB",
        "a page, alone": f"{alone:.2f} s",
        "a page meanwhile": f"{statistics.median(pages):.2f} s, {max(pages):.2f} s at most",
        "all of it done after": f"{took:.0f} s",
        "processes that were ended": str(bound.killed()),
    }
    for what, here in found.items():
        figures.add(f"{SIZE // MIB} MiB, {'with' if swap else 'without'} swap", what, here)
    assert bound.killed() == 0
    restarts = {unit: pod.machine.unit(unit)["NRestarts"] for unit in UNITS}
    assert restarts == dict.fromkeys(UNITS, "0")


def _logged_in(pod: Pod, password: str) -> Person:
    person = Person(pod)
    assert person.log_in(ADMIN[0], password).status == 302
    return person


def _worst_moment(
    pod: Pod, life: Life, reader: Person, writer: Person
) -> tuple[list[float], float]:
    """A photo, an export and many messages at once: the seconds of pages, and until all is done."""
    pod.machine.systemctl("stop diaspora-sidekiq")
    for _ in range(MESSAGES):
        life.public_message()
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        pool.submit(pod.machine.systemctl, "start diaspora-sidekiq")
        written = pool.submit(_export_and_upload, writer)
        pages = []
        while not (written.done() and _all_done(pod)):
            page = reader.get("/stream")
            assert page.status == 200
            pages.append(page.seconds)
    written.result()
    return pages, time.monotonic() - began


def _export_and_upload(person: Person) -> None:
    assert person.submit("/user/edit", "/user/export_profile", {}).status == 302
    assert person.upload(photo(4000, 3000)).status == 200


def _all_done(pod: Pod) -> bool:
    return (
        pod.database.psql(
            "SELECT (SELECT count(*) FROM posts WHERE text LIKE 'message %'),"
            " (SELECT count(*) FROM photos WHERE processed_image <> ''),"
            " (SELECT count(*) FROM users WHERE exported_at IS NOT NULL)"
        )
        == f"{MESSAGES}|1|1"
        and jobs(pod) == 0
    )
