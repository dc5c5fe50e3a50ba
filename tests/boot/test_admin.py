"""Making an admin: what is asked of the application, and who may ask."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

import pytest
from diaspora_pod import admin, cli
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine

ASKED = ["bin/rails", "runner"]


def ending(status: int, asked: list[Sequence[str]]) -> admin.Run:
    def run(_: Machine, command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, status)

    return run


def test_the_application_is_asked_with_the_name_and_the_address_as_they_are(
    machine: Machine,
) -> None:
    asked: list[Sequence[str]] = []
    admin.grant(machine, "alice", "a'; x@example.org", run=ending(0, asked))
    assert asked == [[*ASKED, str(machine.admin_script), "alice", "a'; x@example.org"]]


def test_a_refusal_is_a_failure(machine: Machine) -> None:
    with pytest.raises(Permanent, match="alice was not made an admin"):
        admin.grant(machine, "alice", "a@example.org", run=ending(1, []))


def test_only_root_makes_admins(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(admin, "grant", lambda *_: pytest.fail("asks the application"))
    assert cli.main(["admin", "alice", "a@example.org"], machine) == 1
    assert "sudo diaspora-pod admin" in capsys.readouterr().err
