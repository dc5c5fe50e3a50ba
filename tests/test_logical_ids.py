"""Logical ids and parameter names are an interface: a running pod would feel a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

Template = dict[str, Any]
HERE = Path(__file__).parent


def test_no_logical_id_is_renamed(template: Template) -> None:
    # A renamed resource is a new one, and the old one is deleted, on every running pod. To add
    # one, add it to the list; to take one from the list, write in the CHANGELOG what happens.
    known = (HERE / "logical_ids.txt").read_text("utf-8").split()
    assert sorted(template["Resources"]) == known
