"""The doctor asks for each thing by itself, and says what to do about what is wrong."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import application, aws, cli, database
from diaspora_pod.boot.render import render, write
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.operator import app_checks, doctor, machine_checks, sights
from diaspora_pod.operator.check import Check, Finding, examine
from diaspora_pod.operator.worries import WORRIES
from diaspora_pod.settings import Settings

from . import samples
from .fakes import stubbed


def right(_: Machine, __: Settings) -> str:
    return "is there"


def broken(_: Machine, __: Settings) -> str:
    raise Transient("does not answer")


def check(name: str, ask: Any = right, **more: Any) -> Check:
    return Check(name, "Do something.", ask, **more)


def visit(machine: Machine, *checks: Check, **changes: str) -> list[Finding]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(doctor, "CHECKS", checks)
        return list(doctor.visit(machine, samples.settings(**changes)))


def test_everything_is_asked_and_told_in_its_order(machine: Machine) -> None:
    found = visit(machine, check("a"), check("b", broken), check("c"))
    assert [finding.check.name for finding in found] == ["a", "b", "c"]
    assert [finding.trouble for finding in found] == ["", "does not answer", ""]


def test_what_is_wrong_has_its_remedy_beneath(machine: Machine) -> None:
    (found,) = visit(machine, check("queue", broken))
    assert doctor.text(found).splitlines() == [
        "WRONG queue          does not answer",
        "      what to do     Do something.",
    ]
    (found,) = visit(machine, check("queue"))
    assert doctor.text(found) == "ok    queue          is there"


def test_what_does_not_concern_a_pod_is_not_asked(machine: Machine) -> None:
    mail = check("mail", broken, concerns=lambda told: told.sends_mail)
    assert visit(machine, mail, mail_enabled="false") == []


@pytest.mark.parametrize("error", [OSError("no"), KeyError("no"), ValueError("no")])
def test_no_check_ends_the_visit(error: Exception) -> None:
    def ask() -> str:
        raise error

    assert "no" in examine(check("a"), ask).trouble


class Child:
    """What the application's user answers."""

    def __init__(self, output: bytes, status: int = 0) -> None:
        self.returncode = status
        self.killed = False
        self._output = output

    def communicate(self, timeout: float) -> tuple[bytes, None]:
        if self._output == b"hangs":
            raise subprocess.TimeoutExpired("doctor", timeout)
        return self._output, None

    def kill(self) -> None:
        self.killed = True


@pytest.mark.parametrize(
    ("child", "found"),
    [
        (Child(b"takes jobs\n"), ("takes jobs", "")),
        (Child(b"no rights\n", 1), ("", "no rights")),
        (Child(b"", 2), ("", "ended with 2")),
        (Child(b"hangs"), ("", "no answer within 60 s")),
    ],
)
def test_what_is_the_applications_its_own_user_is_asked(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, child: Child, found: tuple[str, str]
) -> None:
    asked: list[Sequence[str]] = []

    def start(_: Machine, command: Sequence[str]) -> Child:
        asked.append(command)
        return child

    monkeypatch.setattr(application, "start_program", start)
    (finding,) = visit(machine, check("queue", broken, as_app=True))
    assert (finding.found, finding.trouble) == found
    assert asked == [["/usr/sbin/diaspora-pod", "doctor", "--ask", "queue"]]


def test_the_applications_user_may_ask_and_no_more(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(doctor, "CHECKS", (check("queue"), check("mail", broken)))
    assert cli.main(["doctor", "--ask", "queue"], machine) == 0
    assert cli.main(["doctor", "--ask", "mail"], machine) == 1
    assert capsys.readouterr().out == "is there\ndoes not answer\n"
    assert cli.main(["doctor"], machine) == 1
    assert capsys.readouterr().err == ("diaspora-pod: only root may: sudo diaspora-pod doctor\n")


def test_the_commands_status_says_whether_there_is_something_to_do(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(doctor, "CHECKS", (check("a"),))
    assert cli.main(["doctor"], machine) == 0
    said = capsys.readouterr().out.splitlines()
    # It costs something, so that it is said before.
    assert "wakes" in said[0]
    assert said[-1] == "All is well."
    monkeypatch.setattr(doctor, "CHECKS", (check("a", broken), check("b", broken)))
    assert cli.main(["doctor"], machine) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 wrong."


def test_every_check_has_a_name_of_its_own_and_says_what_to_do() -> None:
    names = [it.name for it in doctor.CHECKS]
    assert len(set(names)) == len(names) >= 20
    assert all(len(name) < doctor.COLUMN for name in names)
    assert all(it.remedy.endswith(".") for it in doctor.CHECKS)
    for it in doctor.CHECKS:
        for words in it.remedy.split("sudo diaspora-pod ")[1:]:
            typed = words.partition(" says")[0].rstrip(".").split()
            assert cli.parser().parse_args(typed).command in ("jobs", "logs")


def test_the_application_logs_in_with_what_its_own_file_says(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for password in samples.PASSWORDS:
        secrets = samples.secrets(database_password=password)
        write(machine, render(machine, samples.settings(), secrets))
        assert app_checks.rendered_login(machine) == database.login(
            samples.settings(), "pod", password
        )


def test_credentials_within_reach_of_the_application_are_trouble(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ask = named("credentials").ask
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(app_checks, "METADATA", server.getsockname())
        with pytest.raises(Permanent, match="reaches the machine's credentials"):
            ask(machine, samples.settings())
    assert ask(machine, samples.settings()) == "are out of reach, as they must be"


def test_folders_that_the_application_cannot_write_to_are_named(machine: Machine) -> None:
    ask = named("folders").ask
    with pytest.raises(Transient, match="tmp: No such file"):
        ask(machine, samples.settings())
    for name in ("tmp", "log", "public/uploads/tmp"):
        (machine.app / name).mkdir(parents=True)
    assert ask(machine, samples.settings()) == "can be written to"


def test_no_authorities_are_trouble(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_checks, "AUTHORITIES", machine.root / "none")
    with pytest.raises(Permanent, match="none"):
        named("authorities").ask(machine, samples.settings())


@pytest.mark.parametrize("made", ["exit 1", "echo RIFFxxxxJPEG"])
def test_an_imagemagick_that_makes_no_webp_is_trouble(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    monkeypatch.setattr(app_checks, "PICTURE", ("sh", "-c", made))
    with pytest.raises(Permanent, match="ImageMagick"):
        named("pictures").ask(machine, samples.settings())


def test_a_secret_that_is_missing_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stubbed("ssm") as (ssm, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: ssm)
        for _ in range(5):
            stub.add_response("get_parameter", {"Parameter": {"Value": "x"}})
        stub.add_client_error("get_parameter", "ParameterNotFound")
        with pytest.raises(Permanent, match="/diaspora/pod/oidc-key is missing"):
            named("secrets").ask(machine, samples.settings())


def test_what_the_pod_mails_and_asks_nobody_for_is_asked_too(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sights, "OLD_IMAGE", -1)
    machine.manifest.parent.mkdir(parents=True, exist_ok=True)
    machine.manifest.touch()
    with pytest.raises(Permanent, match="it was built on 20"):
        named("image").ask(machine, samples.settings())
    monkeypatch.setattr(sights, "OLD_IMAGE", 60)
    assert named("image").ask(machine, samples.settings()) == "is new enough"
    assert {worry.cause for worry in WORRIES} - {"authorities"} <= {it.name for it in doctor.CHECKS}


def test_a_clock_that_follows_nobody_is_trouble(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"systemd-detect-virt": (1, ""), "timedatectl": (0, "no\n")}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        status, output = answers[command[0]]
        return subprocess.CompletedProcess(command, status, output, "")

    monkeypatch.setattr(machine_checks, "_run", run)
    with pytest.raises(Permanent, match="no time server"):
        named("clock").ask(machine, samples.settings())
    answers["timedatectl"] = (0, "yes\n")
    assert named("clock").ask(machine, samples.settings()) == "follows a time server"


def named(name: str) -> Check:
    return next(it for it in doctor.CHECKS if it.name == name)


def test_a_boot_loads_nothing_of_what_only_a_podmin_needs() -> None:
    """Each unit of the boot reads the program anew, on a fifth of a processor."""
    program = str(Path(cli.__file__).parents[1])
    probe = (
        f"import sys; sys.path.insert(0, {program!r}); import diaspora_pod.cli; "
        "print(*sys.modules, sep='\\n')"
    )
    loaded = subprocess.run(
        [sys.executable, "-IB", "-c", probe], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    ours = {name for name in loaded if name.startswith("diaspora_pod.operator.")}
    assert ours == {"diaspora_pod.operator.logs", "diaspora_pod.operator.typed"}
