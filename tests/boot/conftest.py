"""A machine in a temporary folder, a database's client that is not there, and AWS's stubs."""

from __future__ import annotations

import grp
import json
import os
import pwd
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from diaspora_pod.machine import Machine

from diaspora_cf.generator import ROOT

from . import samples
from .fakes import psycopg2_module


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that mean nothing, or each client would look for some."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "A")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "S")


@pytest.fixture(autouse=True)
def no_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever runs the tests need not have one, and nobody is to hear of the one that is there."""
    commands = tmp_path_factory.mktemp("commands")
    (commands / "systemctl").write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (commands / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The image's tree as far as the program knows it, owned by whoever runs the tests."""
    for folder in ("etc/diaspora", "opt/diaspora/config/initializers", "opt/diaspora/db/migrate"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/share").mkdir(parents=True)
    (tmp_path / "usr/share/diaspora").symlink_to(ROOT / "packer/rootfs/usr/share/diaspora")
    user = pwd.getpwuid(os.getuid()).pw_name
    group = grp.getgrgid(os.getgid()).gr_name
    made = Machine(tmp_path, owner=user, group=group, app_user=user, app_group=group)
    made.settings.write_text(json.dumps(samples.SETTINGS), encoding="utf-8")
    return made


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience takes no time."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def psycopg2(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The database's client, of which only its errors are real."""
    module = psycopg2_module()
    monkeypatch.setitem(sys.modules, "psycopg2", module)
    return module
