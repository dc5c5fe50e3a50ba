"""The command line, the files that it writes, and what is committed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from troposphere import ec2

import generate
from diaspora_cf import stacks
from diaspora_cf.generator import ROOT
from diaspora_cf.template.stack import Stack

TEMPLATE = ROOT / "templates" / "low_cost" / "cf_template.yml"


def run(*arguments: str, seed: str = "0", folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "generate.py"), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


def test_what_is_committed_is_what_the_generator_writes() -> None:
    result = run("--check")
    assert (result.returncode, result.stdout) == (0, "")


def test_two_processes_write_the_same_bytes(tmp_path: Path) -> None:
    for seed in ("1", "2"):
        assert run("--out", str(tmp_path / seed), seed=seed).returncode == 0
    one, other = (tmp_path / seed / "low_cost" / "cf_template.yml" for seed in ("1", "2"))
    assert one.read_bytes() == other.read_bytes() == TEMPLATE.read_bytes()


def test_it_works_from_any_folder(tmp_path: Path) -> None:
    assert run("--check", folder=tmp_path).returncode == 0


def test_one_stack_can_be_written_elsewhere(tmp_path: Path) -> None:
    assert generate.main(["--stack", "low_cost", "--out", str(tmp_path)]) == 0
    written = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert written == [Path("low_cost/cf_template.yml")]


def test_a_check_names_the_stack_and_the_lines_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--out", str(tmp_path)]) == 0
    changed = tmp_path / "low_cost" / "cf_template.yml"
    text = changed.read_text("utf-8").replace("t3a.micro", "t3a.nano", 1)
    changed.write_text(text, "utf-8")
    assert generate.main(["--check", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith("low_cost: ")
    assert "t3a.nano" in told
    assert len(told.splitlines()) < 20
    assert changed.read_text("utf-8") == text


def test_a_check_tells_of_a_file_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--check", "--out", str(tmp_path)]) == 1
    assert "missing" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_stack_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert generate.main(["--stack", "cheap"]) == 2
    told = one_line(capsys)
    assert "cheap" in told
    assert "low_cost" in told


def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert generate.main(["--out", str(tmp_path / "file")]) == 2
    assert "cannot write" in one_line(capsys)


def test_a_broken_resource_is_told_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Stack:
        stack = Stack("low_cost", "", (), {})
        stack.add(ec2.VPC("Vpc", CidrBlok="10.0.0.0/16"))
        return stack

    monkeypatch.setattr("diaspora_cf.generator.STACKS", {"low_cost": broken})
    assert generate.main(["--out", str(tmp_path)]) == 2
    assert "CidrBlok" in one_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_file_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert generate.main(["--out", str(tmp_path)]) == 0
    target = tmp_path / "low_cost" / "cf_template.yml"
    target.write_text("old", "utf-8")

    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    assert generate.main(["--out", str(tmp_path)]) == 2
    assert "No space left" in one_line(capsys)
    assert target.read_text("utf-8") == "old"
    assert list(target.parent.iterdir()) == [target]


def test_the_readme_is_left_alone_when_written_elsewhere(tmp_path: Path) -> None:
    before = (ROOT / "README.md").stat().st_mtime_ns
    assert generate.main(["--out", str(tmp_path)]) == 0
    assert (ROOT / "README.md").stat().st_mtime_ns == before


def test_every_stack_has_its_template_committed() -> None:
    committed = {path.parent.name for path in (ROOT / "templates").glob("*/cf_template.yml")}
    assert committed == set(stacks.STACKS)


@pytest.mark.parametrize(
    ("command", "remedy"),
    [(["generate.py"], "make generate"), (["-m", "diaspora_cf.cost"], "make cost")],
)
def test_without_its_packages_a_program_says_what_to_type(command: list[str], remedy: str) -> None:
    """-S leaves out what is installed, as a system's own Python would."""
    run = [sys.executable, "-S", *command]
    result = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert f"type `{remedy}`" in result.stderr
