"""The program as the units run it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import diaspora_pod
import pytest
from diaspora_pod import aws, cli, database, web
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import WEB_SOCKET, Machine
from diaspora_pod.progress import Note, read_failure, read_progress

from diaspora_cf.generator import ROOT

from .fakes import stubbed

PROGRAM = Path(diaspora_pod.__file__).parent
LAUNCHER = ROOT / "packer/rootfs/usr/sbin/diaspora-pod"


@pytest.mark.parametrize("wrong", [[], ["unknown"], ["prefix"], ["prefix", "../secrets"]])
def test_a_command_that_is_none_is_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(wrong)
    assert ended.value.code == 2


@pytest.mark.parametrize("command", [["prepare"], ["prefix", "images"], ["migrate"], ["warm"]])
def test_bad_settings_end_every_command_with_1(machine: Machine, command: list[str]) -> None:
    machine.settings.write_text("{")
    assert cli.main(command, machine) == 1
    command_name = "-".join(command)
    assert read_failure(machine, command_name) is not None


def test_the_pages_that_must_answer_later_are_asked_for_and_the_strangers_last(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(web, "ask_application", lambda *page: asked.append(page))
    assert cli.main(["warm"], machine) == 0
    assert asked == [
        (WEB_SOCKET, "/users/sign_in", "pod.example.org"),
        (WEB_SOCKET, "/", "pod.example.org"),
    ]
    assert read_progress(machine, "warm") == Note("warm")


def test_a_page_that_is_wrong_ends_the_warming(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: Any) -> None:
        raise Permanent("/ answers 301")

    monkeypatch.setattr(web, "ask_application", ask)
    assert cli.main(["warm"], machine) == 1
    assert read_failure(machine, "warm") == Note("warm", "/ answers 301")


def test_a_page_that_never_answers_is_given_up_so_that_jobs_can_begin(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    def ask(*_: Any) -> None:
        raise Transient("/ answers 500")

    monkeypatch.setattr(web, "ask_application", ask)
    assert cli.main(["warm"], machine) == 1


def test_a_page_that_fails_is_asked_for_again(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, no_pauses: None
) -> None:
    troubles: list[Exception] = [Transient("/ answers 500")] * 3

    def ask(*_: Any) -> None:
        if troubles:
            raise troubles.pop()

    monkeypatch.setattr(web, "ask_application", ask)
    assert cli.main(["warm"], machine) == 0
    assert troubles == []


@pytest.mark.parametrize("name", ["images", "users"])
def test_a_folder_of_the_bucket_is_made_ready(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with stubbed("s3") as (s3, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: s3)
        stub.add_response("list_objects_v2", {})
        stub.add_response("put_object", {})
        assert cli.main(["prefix", name], machine) == 0
    assert read_progress(machine, f"prefix-{name}") == Note(f"mount-{name}")


def test_a_bucket_that_refuses_fails_the_mount_by_name(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stubbed("s3") as (s3, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: s3)
        stub.add_client_error("list_objects_v2", "AccessDenied", http_status_code=403)
        assert cli.main(["prefix", "users"], machine) == 1
    failure = read_failure(machine, "prefix-users")
    assert failure is not None
    assert failure.step == "mount-users"


def test_migrating_reads_the_login_in_the_versions_that_the_cluster_has(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins: list[Any] = []

    class Noted:
        def __init__(self, machine: Machine, progress: Any, reach: Any) -> None:
            reach()

        def run(self) -> None:
            pass

    monkeypatch.setattr(cli, "Migration", Noted)
    monkeypatch.setattr(database, "connect", logins.append)
    with stubbed("ssm") as (ssm, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: ssm)
        for name, value in (
            ("/diaspora/database/username:1", "pod"),
            ("database-password:12", "secret"),
        ):
            stub.add_response(
                "get_parameter",
                {"Parameter": {"Value": value}},
                {"Name": name, "WithDecryption": True},
            )
        assert cli.main(["migrate"], machine) == 0
    (login,) = logins
    assert (login.username, login.password, login.port) == ("pod", "secret", "5432")


def test_the_watcher_is_the_watch(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    watched: list[Machine] = []
    monkeypatch.setattr(cli, "watch_first_boot", watched.append)
    assert cli.main(["watch"], machine) == 0
    assert watched == [machine]


# The program as a whole ---------------------------------------------------------------------------


def imports(path: Path, top: bool) -> set[str]:
    """The packages that a module imports, on its top level or inside its functions."""
    tree = ast.parse(path.read_text())
    nodes = tree.body if top else list(ast.walk(tree))
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module and not node.level
    }
    return {name.partition(".")[0] for name in found}


def test_what_is_not_pythons_own_is_imported_only_where_it_is_needed() -> None:
    for path in PROGRAM.rglob("*.py"):
        assert imports(path, top=True) <= set(sys.stdlib_module_names), path.name


def test_nothing_is_needed_that_the_distribution_does_not_package() -> None:
    needed = {name for path in PROGRAM.rglob("*.py") for name in imports(path, top=False)}
    assert needed - set(sys.stdlib_module_names) == {"boto3", "botocore", "jinja2", "psycopg2"}


def test_the_launcher_runs_isolated_from_the_environment() -> None:
    text = LAUNCHER.read_text()
    assert text.startswith("#!/usr/bin/python3 -I\n")
    assert LAUNCHER.stat().st_mode & 0o111 == 0o111


def test_the_launcher_finds_the_program_where_the_image_has_it() -> None:
    text = LAUNCHER.read_text().replace("/usr/lib/diaspora", str(PROGRAM.parent))
    answer = subprocess.run(
        [sys.executable, "-IB", "-c", text, "--help"], capture_output=True, text=True, check=True
    )
    for command in ("prepare", "prefix", "migrate", "warm", "watch"):
        assert command in answer.stdout


def test_no_secret_is_said_or_noted(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    secret = "the-only-secret"
    with stubbed("ssm") as (ssm, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: ssm)
        for _ in range(5):
            stub.add_response("get_parameter", {"Parameter": {"Value": secret}})
        # It is no name of a domain either: the boot fails with it in hand.
        assert cli.main(["prepare"], machine) == 1
    said = "".join(capfd.readouterr())
    noted = "".join(path.read_text() for path in machine.run.iterdir())
    assert said
    assert secret not in said + noted


def test_the_tests_leave_nothing_in_the_images_tree() -> None:
    assert sys.dont_write_bytecode
    assert not (PROGRAM / "__pycache__").exists()
