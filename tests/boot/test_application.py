"""The application's own commands: run in its folder, as its user, and told nothing of ours."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import application
from diaspora_pod.machine import Machine


@pytest.fixture
def started(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    given: dict[str, Any] = {}
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/x")
    monkeypatch.setattr(
        subprocess, "Popen", lambda command, **rest: given.update(rest, args=command)
    )
    application.start_migration(machine)
    return given


def test_rake_runs_in_the_application_as_its_user_and_never_as_root(
    started: dict[str, Any], machine: Machine
) -> None:
    user = pwd.getpwnam(machine.app_user)
    assert started["args"] == ["bin/rake", "db:migrate"]
    assert started["cwd"] == machine.app == Path(machine.root / "opt/diaspora")
    assert (started["user"], started["group"]) == (user.pw_uid, user.pw_gid)
    assert set(started["extra_groups"]) == set(os.getgrouplist(user.pw_name, user.pw_gid))
    assert Machine().app_user == "diaspora"


def test_rake_is_told_the_environment_and_nothing_of_ours(started: dict[str, Any]) -> None:
    environment = started["env"]
    assert environment["RAILS_ENV"] == "production"
    assert environment["TMPDIR"] == "/var/tmp"
    assert "AWS_CA_BUNDLE" not in environment


def test_a_migration_does_not_make_everybody_wait_behind_it(started: dict[str, Any]) -> None:
    assert started["env"]["PGOPTIONS"] == "-c lock_timeout=10s"
