"""What stories of the real application share: a pod whose admin has been made."""

from __future__ import annotations

import re

import pytest

from ..pod import Pod
from .person import Person

ADMIN = ("alice", "alice@example.org")


@pytest.fixture(scope="module")
def password(pod: Pod) -> str:
    """The password that the admin's account was made with."""
    told = pod.machine.succeed("sudo diaspora-pod admin {} {}".format(*ADMIN), seconds=120)
    found = re.search(r"shown this once: (\S+)", told)
    assert found is not None, told
    return found[1]


@pytest.fixture
def admin(pod: Pod, password: str) -> Person:
    """The admin, logged in."""
    person = Person(pod)
    answer = person.log_in(ADMIN[0], password)
    assert answer.status == 302, answer.text
    return person
