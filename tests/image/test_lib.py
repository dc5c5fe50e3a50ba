"""What the scripts of the build share, run with a stand-in of apt-get."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .samples import PACKER

# It fails so many times, as it does while something else has the lists or the archive is away.
APT_GET = """\
#!/bin/bash
echo "$*" >>"$0.asked"
(($(wc -l <"$0.asked") > {failures}))
"""


def run(folder: Path, command: str, failures: int) -> tuple[int, list[str]]:
    """Run a function of lib.sh; its status, and what apt-get was asked."""
    apt_get = folder / "apt-get"
    apt_get.write_text(APT_GET.format(failures=failures), "utf-8")
    apt_get.chmod(0o755)
    result = subprocess.run(
        ["bash", "-c", f"source {PACKER}/scripts/lib.sh; {command}"],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "APT_PAUSE": "0"},
        check=False,
    )
    return result.returncode, (folder / "apt-get.asked").read_text("utf-8").splitlines()


@pytest.mark.parametrize(("failures", "status", "asked"), [(0, 0, 1), (5, 0, 6), (6, 1, 6)])
def test_the_lists_are_asked_for_until_they_come(
    tmp_path: Path, failures: int, status: int, asked: int
) -> None:
    found, lines = run(tmp_path, "update_lists", failures)
    assert (found, len(lines)) == (status, asked)


def test_a_list_that_does_not_come_is_an_error(tmp_path: Path) -> None:
    """apt-get thinks otherwise, and would go on with what it had."""
    _, lines = run(tmp_path, "update_lists", 0)
    assert lines[0].endswith(" update --error-on=any")


def test_every_script_fetches_lists_by_the_function_that_waits() -> None:
    for path in (PACKER / "scripts").rglob("*.sh"):
        if path.name != "lib.sh":
            assert "apt update" not in path.read_text("utf-8"), path


def test_an_installation_is_tried_once(tmp_path: Path) -> None:
    status, lines = run(tmp_path, "apt install x", 1)
    assert (status, len(lines)) == (1, 1)
