"""What stories of the real application share: a pod whose admin has been made."""

from __future__ import annotations

import pytest

from ..aws import Aws
from ..fakes.far_pod import FarPod
from ..pod import Pod
from .person import Person, make_account

ADMIN = ("alice", "alice@example.org")


@pytest.fixture(scope="session")
def far(region: Aws) -> FarPod:
    """Another pod, whose person ours believes."""
    return FarPod(region.vpc, region.names, region.authority)


@pytest.fixture(scope="module")
def password(pod: Pod) -> str:
    """The password that the admin's account was made with."""
    return make_account(pod, *ADMIN)


@pytest.fixture
def admin(pod: Pod, password: str) -> Person:
    """The admin, logged in."""
    person = Person(pod)
    answer = person.log_in(ADMIN[0], password)
    assert answer.status == 302, answer.text
    return person


def jobs(pod: Pod) -> int:
    """How many jobs wait or run."""
    ask = (
        "redis-cli -s /run/redis/redis-server.sock EVAL "
        "\"local all = redis.call('HLEN', 'diaspora:running') "
        "for _, queue in ipairs(redis.call('SMEMBERS', 'queues')) do "
        "all = all + redis.call('LLEN', 'queue:' .. queue) end return all\" 0"
    )
    return int(pod.machine.succeed(ask))
