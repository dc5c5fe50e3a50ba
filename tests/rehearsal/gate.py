"""The gate before which messages wait: what stands there, and when it is closed."""

from __future__ import annotations

import time

from .patience import until
from .pod import Pod

# Until it has opened or closed: it is looked up once a second, by threads that rest for two.
NOTICED = 5
# What is let through has arrived by then, on a machine that has other things to do.
SOON = 30


def fall_asleep(pod: Pod) -> None:
    """Wait until nobody is connected to the database, and the gate has noticed."""
    until(lambda: not connected(pod))
    time.sleep(NOTICED)


def connected(pod: Pod) -> bool:
    """Whether anybody on the machine is connected to the database."""
    return bool(pod.machine.succeed("ss -Hnt state established dport = :5432").strip())


def waiting(pod: Pod) -> int:
    """How many messages wait."""
    return int(redis(pod, "LLEN queue:patient"))


def redis(pod: Pod, command: str, given: str = "") -> str:
    """Ask the pod's queue; what is given is the last of the command's words."""
    told = f"redis-cli {'-x' if given else ''} -s /run/redis/redis-server.sock {command}"
    status, output = pod.machine.run(told, given=given.encode())
    assert status == 0, output
    return output.strip()
