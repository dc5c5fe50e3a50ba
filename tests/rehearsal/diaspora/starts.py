"""From the start of the web server to its first page, with what was compiled and without.

It takes a quarter of an hour, and is told by name only:
``sudo make rehearse-diaspora ARGS=tests/rehearsal/diaspora/starts.py``. All files are in the host's
memory, as those of a machine that boots for the first time are not. What else the host does makes
the seconds longer, and hardly those of the processor.
"""

from __future__ import annotations

import re
import statistics
import time
from dataclasses import astuple, dataclass

import pytest

from ..cgroup import PROCESSOR, Processor
from ..figures import Figures
from ..patience import until
from ..pod import Pod, Pods
from .test_boot import FROM_THE_FRONT, NODEINFO

# Two whole ones; and what a t3a.small and a t3a.micro have that have earned no credits.
SHARES = (2.0, 0.4, 0.2)
RUNS = 3
COMPILED = "/opt/diaspora/vendor/compiled"
# Clock ticks of the kernel's in a second, in which it counts what a process has used.
TICKS = 100


@dataclass(frozen=True)
class Start:
    """One start: seconds until the first page, seconds of the processor by then, and megabytes."""

    seconds: float
    processor: float
    memory: float


@pytest.mark.skipif(not PROCESSOR.exists(), reason="the host bounds processors in another way")
def test_the_first_page_comes_sooner_with_what_was_compiled(pods: Pods, figures: Figures) -> None:
    pod = pods.prepare()
    processor = pod.machine.processor = Processor(pod.machine.name)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    # It would start again with the web server, and take its share.
    pod.machine.systemctl("stop diaspora-sidekiq diaspora-warm")
    for share in SHARES:
        compiled, plain = [], []
        for _ in range(RUNS):
            compiled.append(_start(pod, processor, share))
            pod.machine.succeed(f"mv {COMPILED} {COMPILED}.away")
            plain.append(_start(pod, processor, share))
            pod.machine.succeed(f"mv {COMPILED}.away {COMPILED}")
        _note(figures, share, compiled, plain)
        assert _middle(compiled).processor < _middle(plain).processor


def _start(pod: Pod, processor: Processor, share: float) -> Start:
    processor.allow(max(SHARES))
    # What is told to stop the moment that it is up did not hear it (seen once).
    time.sleep(3)
    pod.machine.systemctl("stop diaspora-web")
    processor.allow(share)
    began = time.monotonic()
    pod.machine.systemctl("start --no-block diaspora-web")
    until(lambda: pod.inside("GET", NODEINFO, FROM_THE_FRONT).status == 200, 300, every=0.2)
    seconds = time.monotonic() - began
    process = pod.machine.unit("diaspora-web")["MainPID"]
    # The name comes first, in brackets, and may hold anything.
    fields = pod.machine.read(f"/proc/{process}/stat").rpartition(")")[2].split()
    # In itself, and in what it started.
    used = sum(map(int, fields[11:15])) / TICKS
    most = re.search(r"VmHWM:\s+(\d+) kB", pod.machine.read(f"/proc/{process}/status"))
    assert most is not None
    return Start(seconds, used, int(most[1]) / 1024)


def _middle(starts: list[Start]) -> Start:
    """The median of each."""
    return Start(*map(statistics.median, zip(*map(astuple, starts), strict=True)))


def _note(figures: Figures, share: float, compiled: list[Start], plain: list[Start]) -> None:
    here, before = _middle(compiled), _middle(plain)
    for what, unit, with_it, without in (
        ("to the first page", "s", here.seconds, before.seconds),
        ("of the processor", "s", here.processor, before.processor),
        ("memory at most", "MB", here.memory, before.memory),
    ):
        text = f"{with_it:.1f} {unit}, without {without:.1f} {unit}: {with_it / without:.2f} of it"
        figures.add("start of the web server", f"on {share:g} of a processor, {what}", text)
