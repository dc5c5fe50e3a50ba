"""What a program says that lacks something to run."""

from __future__ import annotations

from importlib import import_module

import pytest

from diaspora_cf import missing


def imported(name: str) -> None:
    with missing.explained("make it"):
        import_module(name)


def test_a_missing_package_is_named_with_what_to_type() -> None:
    imported("json")
    with pytest.raises(SystemExit, match="nothing_such is not installed: type `make it`"):
        imported("nothing_such")


def test_a_python_that_is_too_old_is_told_which_one_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(missing, "OLDEST_PYTHON", (99, 1))
    with pytest.raises(SystemExit, match=r"Python 99\.1 or later is needed, and this is 3\."):
        imported("nothing_such")
