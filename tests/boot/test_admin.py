"""Making an admin: what the application is asked, who may ask, and who reads a password."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import application, cli
from diaspora_pod.errors import Permanent, Trouble
from diaspora_pod.machine import Machine
from diaspora_pod.operator import admin

from .fakes import stubbed
from .samples import settings

LINK = b"https://pod.example.org/users/password/edit?reset_password_token=abc\n"


def ending(status: int, asked: list[Sequence[str]]) -> admin.Run:
    def run(_: Machine, command: Sequence[str], **__: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, status)

    return run


def linking(machine: Machine, command: Sequence[str], **_: Any) -> Any:
    Path(command[-1]).write_bytes(LINK)
    return subprocess.CompletedProcess(command, 0)


def test_the_application_is_asked_with_the_name_and_the_address_as_they_are(
    machine: Machine,
) -> None:
    asked: list[Sequence[str]] = []
    admin.grant(machine, "alice", "a'; x@example.org", run=ending(0, asked))
    script = str(machine.admin_script)
    assert asked == [["bin/rails", "runner", script, "alice", "a'; x@example.org"]]


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


def test_where_output_is_kept_the_link_is_mailed(machine: Machine) -> None:
    asked: list[Sequence[str]] = []
    admin.grant_unseen(machine, settings(), "alice", "a@example.org", run=ending(0, asked))
    assert asked[0][-3:] == ["alice", "a@example.org", "mail"]


@pytest.mark.parametrize("quiet", [{"mail_enabled": "false"}, {"owns_domain": "no"}])
def test_where_no_mail_is_sent_the_link_waits_in_the_bucket_and_is_not_printed(
    machine: Machine, capsys: pytest.CaptureFixture[str], quiet: dict[str, str]
) -> None:
    told = settings(**quiet)
    with stubbed("s3") as (s3, stub):
        stub.add_response("put_object", {}, None)
        sent: list[dict[str, Any]] = []
        s3.meta.events.register(
            "before-parameter-build.s3.PutObject", lambda params, **_: sent.append(dict(params))
        )
        admin.grant_unseen(
            machine, told, "alice", "a@example.org", run=linking, client=lambda *_: s3
        )
    assert sent[0]["Body"] == LINK
    assert sent[0]["Key"].startswith("support/password-of-alice-")
    said = "".join(capsys.readouterr())
    assert sent[0]["Key"] in said
    assert "token" not in said


def test_a_link_that_the_bucket_does_not_take_is_told(machine: Machine) -> None:
    told = settings(mail_enabled="false")
    with stubbed("s3") as (s3, stub), pytest.raises(Trouble, match="the bucket"):
        stub.add_client_error("put_object", "AccessDenied", http_status_code=403)
        admin.grant_unseen(
            machine, told, "alice", "a@example.org", run=linking, client=lambda *_: s3
        )


def test_ruby_warns_of_nothing_and_what_diaspora_says_of_itself_is_left_out(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: dict[str, Any] = {}

    class Process:
        def __init__(self, _: Sequence[str], **options: Any) -> None:
            given.update(options)
            self.stdout = io.BytesIO(
                b"Rack::SSL is enabled\nThe account \xf0\x9f\x90\x98 is made.\n"
            )

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Process)
    application.run_interactively(machine, ["bin/rails"])
    assert given["env"]["RUBYOPT"] == "-W0"
    assert capsys.readouterr().out == "The account 🐘 is made.\n"
