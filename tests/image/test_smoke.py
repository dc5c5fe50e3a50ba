"""What the smoke boot wants, each with a machine that has it and one that has it not.

The machine is made of stand-ins for its commands. What they say in truth, and what takes a pod that
is up, is seen where an image is really built; swap and the kernel's settings are seen on no machine
of a rehearsal, for those are containers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import cli
from diaspora_pod.boot import prepare
from diaspora_pod.settings import Settings, problems

from ..boot.samples import SETTINGS
from .samples import PACKER

OUTDATED = "echo 'NEEDRESTART-SVC: diaspora-web.service'"
FIREWALL = {"systemctl": "", "curl": "", "setpriv": "exit 7", "runuser": ""}
# Nothing is outdated until something was moved.
NEEDRESTART = {
    "needrestart": f"[[ ! -e $0.moved ]] || {OUTDATED}",
    "ldconfig": "echo 'libjemalloc.so.2 (libc6) => /usr/lib/x'",
    "realpath": "echo x",
    "cp": "",
    "mv": 'touch "${0%/*}/needrestart.moved"',
}
COMPILED = {
    "systemctl": "echo 1",
    "grep": "",
    "setpriv": "echo 'bootsnap hit: 990'; echo 'bootsnap miss: 10'; echo 'a warning'",
}
# A function, what a good machine's commands answer, what one of them answers on another, and what
# the function has to say of that.
WANTS = [
    (
        "want_no_second_try",
        {"systemctl": "printf 'NRestarts=0\\nId=a\\n\\nNRestarts=0\\nId=b\\n'"},
        {"systemctl": "printf 'NRestarts=0\\nId=a\\n\\nNRestarts=2\\nId=b\\n'"},
        "NRestarts=2 Id=b",
    ),
    (
        "want_kernel_settings",
        {
            "systemctl": "",
            "grep": "echo 'kernel.core_pattern = |/bin/false'; echo 'vm.swappiness = 10'",
            "sysctl": "[[ $2 == vm.swappiness ]] && echo 10 || echo '|/bin/false'",
        },
        {"sysctl": "echo '|/usr/share/apport/apport -p%p'"},
        "kernel.core_pattern is |/usr/share/apport/apport -p%p, and not |/bin/false",
    ),
    (
        "want_swap",
        {"systemctl": "", "swapon": "echo /swapfile", "rm": ""},
        {"swapon": ""},
        "not in use",
    ),
    (
        "want_firewall",
        FIREWALL,
        {"setpriv": ""},
        "the application is not refused",
    ),
    (
        "want_firewall",
        FIREWALL,
        {"setpriv": "exit 28"},
        "the application is not refused",
    ),
    (
        "want_firewall",
        FIREWALL,
        {"runuser": "exit 7"},
        "who signs addresses does not reach",
    ),
    (
        "want_needrestart",
        NEEDRESTART,
        {"needrestart": OUTDATED},
        "would restart what nobody updated: diaspora-web.service",
    ),
    (
        "want_needrestart",
        NEEDRESTART,
        {"needrestart": ""},
        "does not see",
    ),
    (
        "want_job",
        {"redis-cli": "[[ $4 != stat:processed ]] || echo 1"},
        {"redis-cli": "echo 1"},
        "sidekiq's job failed",
    ),
    ("want_worries", {"systemctl": "", "journalctl": ""}, {"systemctl": "exit 1"}, "does not look"),
    (
        "want_worries",
        {"systemctl": "", "journalctl": ""},
        {"journalctl": "echo 'jobs: not seen: OSError'"},
        "does not see all of itself: jobs",
    ),
    (
        "want_photo",
        {"setpriv": "", "cmp": ""},
        {"cmp": "exit 1", "curl": "echo 403"},
        "a photo answers 403",
    ),
    (
        "want_compiled",
        COMPILED,
        {"setpriv": "echo 'bootsnap hit: 970'; echo 'bootsnap stale: 30'"},
        "only 970 of 1000 files came compiled",
    ),
    (
        "want_compiled",
        COMPILED,
        {"grep": "exit 1"},
        "diaspora-web started without what was compiled",
    ),
    (
        "want_compiled",
        COMPILED,
        {"setpriv": "echo 'uninitialized constant Bootsnap'; exit 1"},
        "only 0 of 0 files came compiled",
    ),
    (
        "want_export",
        {"curl": "echo https://bucket/uploads/users/smoke.zip?X-Amz-Signature=0a"},
        {"curl": "echo; exit 7"},
        "no address of an export was signed",
    ),
    ("make_webp", {"setpriv": "echo WEBP"}, {"setpriv": "echo JPEG"}, "made no WebP"),
    ("wait_for_page /", {"curl": "echo 200"}, {"curl": "echo 503"}, "/ answers 503"),
    (
        "wait_for_unit x.service",
        {"systemctl": ""},
        {"systemctl": "echo failed; exit 3"},
        "x.service is failed",
    ),
    ("look_for_denials", {"journalctl": ""}, {"journalctl": "echo DENIED"}, "AppArmor"),
]


def call(folder: Path, function: str, commands: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Call a function of wants.sh on a machine of these commands."""
    folder.mkdir()
    for name, script in commands.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}\n", "utf-8")
        (folder / name).chmod(0o755)
    script = f"source {PACKER}/scripts/lib.sh; source {PACKER}/scripts/smoke/wants.sh"
    return subprocess.run(
        ["/bin/bash", "-c", f"{script}; APP={folder} PATIENCE=0; {function}"],
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("function", "good", "bad", "says"), WANTS, ids=[it[0] for it in WANTS])
def test_the_smoke_boot_ends_where_something_is_wanting(
    tmp_path: Path, function: str, good: dict[str, str], bad: dict[str, str], says: str
) -> None:
    fine = call(tmp_path / "fine", function, good)
    assert fine.returncode == 0, fine.stderr
    broken = call(tmp_path / "broken", function, {**good, **bad})
    assert broken.returncode == 1
    assert says in broken.stderr


@pytest.fixture
def smoke(monkeypatch: pytest.MonkeyPatch) -> Any:
    """smoke.py."""
    spec = importlib.util.spec_from_file_location("smoke", PACKER / "scripts/smoke.py")
    assert spec and spec.loader
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec.loader.exec_module(made)
    return made


def test_the_smoke_boot_has_settings_that_the_schema_takes(smoke: Any) -> None:
    schema = json.loads((PACKER / "rootfs/usr/share/diaspora/pod.schema.json").read_text("utf-8"))
    assert problems({key: smoke.SAMPLE.get(key, "1") for key in schema["properties"]}, schema) == []


def test_the_smoke_boot_asks_aws_for_no_secret(smoke: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # What it makes up is put back after this test.
    for name in ("read_secrets", "read_database_secrets"):
        monkeypatch.setattr(prepare, name, getattr(prepare, name))
    monkeypatch.setattr(sys, "argv", ["smoke.py", "migrate"])
    # As smoke.env has them: with none, the metadata service would be asked.
    for name in ("PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made up")
    found: list[str] = []

    def boots(_: list[str]) -> int:
        settings = Settings(**SETTINGS)
        found.append(prepare.read_secrets(settings).database_password)
        found.append(prepare.read_login(settings, pytest.fail).password)
        return 0

    monkeypatch.setattr(cli, "main", boots)
    assert smoke.main() == 0
    assert found == ["made up", "made up"]
