"""The first step of a boot, whole: settings and secrets in, files out."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from diaspora_pod import aws
from diaspora_pod.boot import own_secrets, prepare
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.machine import Machine
from diaspora_pod.progress import Note, Progress, read_failure

from . import samples
from .fakes import stubbed

READ = {
    "/diaspora/database/username:1": "pod",
    "database-password:12": "db<%secret",
    "/diaspora/mail/username:2": "AKIA",
    "/diaspora/mail/password:3": "mail secret",
    "/diaspora/pod/domain-name": samples.SETTINGS["domain_name"],
    "/diaspora/pod/session-secret": "ab" * 64,
    "/diaspora/pod/oidc-key": samples.secrets().oidc_key,
}


class Store:
    """A parameter store that counts what is asked for; answers may be errors."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.troubles: list[Exception] = []

    def get_parameter(self, Name: str, WithDecryption: bool) -> Any:  # noqa: N803
        self.asked.append(Name)
        if self.troubles:
            raise self.troubles.pop(0)
        return {"Parameter": {"Value": READ[Name]}}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    monkeypatch.setattr(aws, "client", lambda service, region: made)
    monkeypatch.setattr(own_secrets, "is_oidc_key", lambda text: True)
    return made


def run(machine: Machine, **changes: str) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, **changes}))
    prepare.prepare(machine, Progress(machine, "prepare"))


def test_settings_and_secrets_become_files(machine: Machine, store: Store) -> None:
    run(machine)
    assert "db\\x3c%secret" in (machine.app / "config/database.yml").read_text()
    assert '"mail secret"' in (machine.app / "config/diaspora.toml").read_text()
    assert "ab" * 64 in (machine.app / "config/initializers/secret_token.rb").read_text()
    assert (machine.pages / "waking.html").exists()
    assert sorted(store.asked) == sorted(READ)


def test_a_pod_that_sends_no_mail_asks_for_no_mail_secrets(machine: Machine, store: Store) -> None:
    run(machine, mail_enabled="false")
    assert not any("mail" in name for name in store.asked)


def test_the_database_secrets_alone_are_read_for_a_migration(store: Store) -> None:
    assert prepare.read_database_secrets(store, samples.settings()) == ("pod", "db<%secret")
    assert len(store.asked) == 2


@pytest.mark.parametrize("owns, marked", [("yes", True), ("no", False)])
def test_only_a_pod_that_owns_its_domain_is_marked_to_run_jobs(
    machine: Machine, store: Store, owns: str, marked: bool
) -> None:
    run(machine, owns_domain=owns)
    assert (machine.run / "runs-jobs").exists() is marked


def test_a_pod_that_lost_its_domain_loses_the_mark(machine: Machine, store: Store) -> None:
    run(machine)
    run(machine, owns_domain="no")
    assert not (machine.run / "runs-jobs").exists()


@pytest.mark.parametrize("may", ["yes", "no"])
def test_only_a_machine_that_may_restart_itself_is_marked_to_do_so(
    machine: Machine, store: Store, may: str
) -> None:
    run(machine, automatic_reboot=may)
    assert (machine.run / "reboots-itself").exists() is (may == "yes")


def test_running_twice_gives_the_same_files(machine: Machine, store: Store) -> None:
    def files() -> dict[str, tuple[bytes, int]]:
        return {
            str(path): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
            for path in machine.root.rglob("*")
            if path.is_file()
        }

    run(machine)
    first = files()
    run(machine)
    assert files() == first


@pytest.mark.parametrize(
    "change, step",
    [({"owns_domain": "maybe"}, "settings"), ({"bucket": "no bucket"}, "render")],
)
def test_a_failure_carries_its_step(
    machine: Machine, store: Store, change: dict[str, str], step: str
) -> None:
    with pytest.raises(Permanent):
        run(machine, **change)
    failure = read_failure(machine, "prepare")
    assert failure is not None
    assert failure.step == step


def test_a_newer_templates_setting_is_told_once_and_passed_over(
    machine: Machine, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    run(machine, colour="green")
    assert capsys.readouterr().err.splitlines() == [
        "settings: colour is of a newer template: this image does not know it and goes on"
    ]


def test_a_setting_that_must_be_known_ends_the_boot_by_its_name(
    machine: Machine, store: Store
) -> None:
    with pytest.raises(Permanent):
        run(machine, colour="green", must_know="colour")
    failure = read_failure(machine, "prepare")
    assert failure is not None
    assert failure.step == "settings"
    assert "colour is unknown to this image, and must be known" in failure.reason
    assert not (machine.run / "application.env").exists()


def test_a_secret_that_is_missing_carries_the_step_of_secrets(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stubbed("ssm") as (ssm, stub):
        monkeypatch.setattr(aws, "client", lambda service, region: ssm)
        stub.add_client_error("get_parameter", "ParameterNotFound")
        with pytest.raises(Permanent):
            run(machine)
    assert read_failure(machine, "prepare") == Note(
        "secrets",
        "the SSM parameter /diaspora/database/username is missing, or has no version 1",
    )


def test_a_parameter_store_that_is_away_is_waited_for(
    machine: Machine, store: Store, no_pauses: None
) -> None:
    store.troubles = [Transient("no credentials yet"), Transient("throttled")]
    run(machine)
    assert (machine.app / "config/diaspora.toml").exists()
