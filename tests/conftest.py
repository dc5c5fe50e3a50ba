"""What many tests start from."""

from __future__ import annotations

from typing import Any

import pytest

from diaspora_cf.stack import Stack
from diaspora_cf.stacks import STACKS


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The low cost stack, built once."""
    return STACKS["low_cost"]()


@pytest.fixture
def template(stack: Stack) -> dict[str, Any]:
    """The low cost template in long form, made anew for each test, which may change it."""
    return stack.to_dict()
