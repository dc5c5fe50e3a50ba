"""What many tests start from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from diaspora_cf.stacks import STACKS
from diaspora_cf.template.stack import Stack

# What the survey of the template's values records (tests/promises/test_bite.py).
COUNTED = ("values", "unnoticed")


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The low cost stack, built once."""
    return STACKS["low_cost"]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the template's values were changed, and how many without a promise's word."""
    told = Counter[str]()
    for report in (it for kind in ("passed", "failed") for it in terminalreporter.getreports(kind)):
        told.update({key: value for key, value in report.user_properties if key in COUNTED})
    if told:
        changed, unnoticed = (told[key] for key in COUNTED)
        terminalreporter.write_line(f"{changed} values changed, {unnoticed} of them unnoticed")


@pytest.fixture
def template(stack: Stack) -> dict[str, Any]:
    """The low cost template in long form, made anew for each test, which may change it."""
    return stack.to_dict()
