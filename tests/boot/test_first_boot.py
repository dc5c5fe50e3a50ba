"""Telling how a first boot ended: once, people first, and without any harm if nobody listens."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from diaspora_pod import aws, units, web
from diaspora_pod.boot import first_boot
from diaspora_pod.boot.first_boot import Herald, read_stack, unique_id, watch_first_boot
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.journal import Line
from diaspora_pod.machine import Machine
from diaspora_pod.progress import Note, Progress

from . import samples
from .fakes import Pauses, aws_client, stubbed

INSTANCE = "i-0123456789abcdef0"
FAILED = Note("database", "password authentication failed")
STEP_NAMES = (
    "settings",
    "secrets",
    "render",
    "mount-images",
    "mount-users",
    "database",
    "schema-newer",
    "migrate",
    "redis",
    "web",
    "warm",
    "sidekiq",
    "photos",
    "nginx",
    "answer",
)


@pytest.fixture(autouse=True)
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "console"
    monkeypatch.setattr(first_boot, "CONSOLE", path)
    return path


class Aws:
    """CloudWatch Logs and CloudFormation, which note the order in which they are called."""

    def __init__(self, **troubles: list[Exception]) -> None:
        self.calls: list[str] = []
        self.signals: list[dict[str, str]] = []
        self.shipped: list[Any] = []
        self.troubles = troubles

    def client(self, service: str, region: str) -> Any:
        assert region == "eu-west-1"
        return self

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.troubles.get(name):
            raise self.troubles[name].pop(0)

    def create_log_stream(self, **given: Any) -> None:
        self._call("create_log_stream")
        assert given == {"logGroupName": "pod-PodLogGroup-AbC", "logStreamName": INSTANCE}

    def put_log_events(self, **given: Any) -> None:
        self._call("put_log_events")
        self.shipped += given["logEvents"]

    def signal_resource(self, **given: str) -> None:
        self._call("signal_resource")
        self.signals.append(given)


def tell(machine: Machine, fake: Aws, failed: Note | None = None, pauses: Any = None) -> None:
    Herald(
        machine,
        read_stack(machine),
        INSTANCE,
        client=fake.client,
        read_journal=lambda: [Line(1, "diaspora-web.service: started")],
        sleep=pauses or Pauses(),
    ).tell(failed)


# The signal ---------------------------------------------------------------------------------------


def test_success_is_signalled_with_the_instance(machine: Machine) -> None:
    fake = Aws()
    tell(machine, fake)
    assert fake.signals == [
        {
            "StackName": "arn:aws:cloudformation:eu-west-1:123456789012:stack/pod/1a2b3c",
            "LogicalResourceId": "PodInstance",
            "UniqueId": INSTANCE,
            "Status": "SUCCESS",
        }
    ]


def test_failure_is_signalled_with_the_step(machine: Machine) -> None:
    fake = Aws()
    tell(machine, fake, FAILED)
    (signal,) = fake.signals
    assert (signal["UniqueId"], signal["Status"]) == (f"{INSTANCE}.database", "FAILURE")


def test_a_success_on_a_newer_schema_says_so_where_the_stack_is_looked_at(
    machine: Machine, console: Path
) -> None:
    with Progress(machine, "migrate").step("schema-newer"):
        pass
    fake = Aws()
    tell(machine, fake)
    (signal,) = fake.signals
    assert (signal["UniqueId"], signal["Status"]) == (f"{INSTANCE}.schema-newer", "SUCCESS")
    assert "the first boot worked, with a remark of the step schema-newer" in console.read_text()


def test_what_failed_is_told_before_any_remark(machine: Machine) -> None:
    with Progress(machine, "migrate").step("schema-newer"):
        pass
    fake = Aws()
    tell(machine, fake, FAILED)
    assert fake.signals[0]["UniqueId"] == f"{INSTANCE}.database"


@pytest.mark.parametrize("step", [*STEP_NAMES, "x" * 100])
def test_every_step_fits_what_the_stacks_event_shows(step: str) -> None:
    shown = unique_id(INSTANCE, Note(step))
    assert len(shown) <= 64
    assert shown == f"{INSTANCE}.{step}"[:64]
    assert len(step) > 60 or shown.endswith(step)


def test_the_signal_is_one_that_cloudformation_takes(machine: Machine) -> None:
    with stubbed("cloudformation") as (client, stub):
        stub.add_response("signal_resource", {})
        fake = Aws()
        herald = Herald(
            machine,
            read_stack(machine),
            INSTANCE,
            client=lambda service, region: client if service == "cloudformation" else fake,
            read_journal=list,
        )
        herald.tell(FAILED)


@pytest.mark.parametrize("failed", [None, FAILED])
@pytest.mark.parametrize("code", ["ValidationError", "AccessDenied"])
def test_a_refused_signal_fails_nothing(machine: Machine, failed: Note | None, code: str) -> None:
    fake = Aws(signal_resource=[client_error(code)])
    tell(machine, fake, failed)
    assert fake.signals == []
    assert machine.signalled.read_text().strip() == INSTANCE


def test_a_signal_that_did_not_arrive_is_sent_again(machine: Machine) -> None:
    fake = Aws(signal_resource=[client_error("Throttling")] * 7)
    tell(machine, fake)
    assert len(fake.signals) == 1


def client_error(code: str) -> Exception:
    error: Exception = aws_client("ssm").exceptions.ClientError(
        {"Error": {"Code": code, "Message": "words"}}, "Call"
    )
    return error


# The log ------------------------------------------------------------------------------------------


def test_the_log_is_shipped_before_the_signal_takes_the_machine_away(machine: Machine) -> None:
    fake = Aws()
    tell(machine, fake, FAILED)
    assert fake.calls == ["create_log_stream", "put_log_events", "signal_resource"]
    assert fake.shipped == [{"timestamp": 1, "message": "diaspora-web.service: started"}]


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_log_group_that_refuses_does_not_keep_the_signal(machine: Machine, code: str) -> None:
    fake = Aws(create_log_stream=[client_error(code)])
    tell(machine, fake, FAILED)
    assert len(fake.signals) == 1


def test_a_log_group_that_is_away_does_not_keep_the_signal_for_long(machine: Machine) -> None:
    pauses = Pauses()
    fake = Aws(create_log_stream=[client_error("ServiceUnavailable")] * 50)
    tell(machine, fake, FAILED, pauses)
    assert len(fake.signals) == 1
    assert sum(pauses.taken) <= 10


def test_the_reason_is_one_readable_line_in_log_and_console(
    machine: Machine, console: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(machine, Aws(), Note("database", "one\ntwo"))
    line = "the first boot failed at the step database: one two"
    assert capsys.readouterr().err.splitlines() == [line]
    assert console.read_text() == f"\ndiaspora-pod: {line}\n"


def test_a_machine_without_a_console_is_no_trouble(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_boot, "CONSOLE", machine.root / "no/console")
    fake = Aws()
    tell(machine, fake, FAILED)
    assert len(fake.signals) == 1


# Only a first boot --------------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Note | None]:
    """What would be told; the boot itself ends at once, and well."""
    heard: list[Note | None] = []
    monkeypatch.setattr(aws, "instance_id", lambda: INSTANCE)
    monkeypatch.setattr(first_boot, "watch", lambda *given: None)

    def tell(herald: Herald, failed: Note | None) -> None:
        heard.append(failed)
        herald._mark()

    monkeypatch.setattr(Herald, "tell", tell)
    return heard


def test_a_first_boot_signals(machine: Machine, told: list[Note | None]) -> None:
    watch_first_boot(machine)
    assert told == [None]


def test_a_reboot_does_not_signal(machine: Machine, told: list[Note | None]) -> None:
    watch_first_boot(machine)
    watch_first_boot(machine)
    assert told == [None]


def test_a_reboot_does_not_even_look(
    machine: Machine, told: list[Note | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_first_boot(machine)
    monkeypatch.setattr(first_boot, "watch", lambda *given: pytest.fail("looks"))
    machine.settings.unlink()
    watch_first_boot(machine)


def test_an_image_made_from_a_running_pod_signals_as_another_instance(
    machine: Machine, told: list[Note | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_first_boot(machine)
    monkeypatch.setattr(aws, "instance_id", lambda: "i-0fedcba9876543210")
    watch_first_boot(machine)
    assert told == [None, None]


def test_the_mark_is_readable_by_all(machine: Machine, told: list[Note | None]) -> None:
    watch_first_boot(machine)
    assert machine.signalled.read_text() == f"{INSTANCE}\n"
    assert stat.S_IMODE(machine.signalled.stat().st_mode) == 0o644


def test_metadata_that_is_away_is_waited_for(
    machine: Machine,
    told: list[Note | None],
    monkeypatch: pytest.MonkeyPatch,
    no_pauses: None,
) -> None:
    away: list[Exception] = [Transient("instance metadata: refused")] * 3

    def instance_id() -> str:
        if away:
            raise away.pop()
        return INSTANCE

    monkeypatch.setattr(aws, "instance_id", instance_id)
    watch_first_boot(machine)
    assert told == [None]


# What the watcher is given ------------------------------------------------------------------------


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, told: list[Note | None]) -> list[Any]:
    seen: list[Any] = []

    def watch(*arguments: Any) -> None:
        seen[:] = arguments

    monkeypatch.setattr(first_boot, "watch", watch)
    return seen


def test_the_deadline_is_the_stacks(machine: Machine, given: list[Any]) -> None:
    watch_first_boot(machine)
    assert given[3] == 960.0


def test_the_deadline_counts_from_the_machines_start(
    machine: Machine, given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "machine_started", lambda: 12.5)
    watch_first_boot(machine)
    assert given[2] == 12.5


@pytest.mark.parametrize("owns", ["yes", "no"])
def test_sidekiq_is_wanted_only_where_it_runs(
    machine: Machine, given: list[Any], owns: str
) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, "owns_domain": owns}))
    watch_first_boot(machine)
    assert ("sidekiq" in [step.name for step in given[0]]) is (owns == "yes")


def test_the_pod_is_asked_for_what_the_front_asks_for(
    machine: Machine, given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(web, "ask_nginx", lambda *page: asked.append(page))
    watch_first_boot(machine)
    given[1].answer()
    assert asked == [("/.well-known/nodeinfo", "pod.example.org"), ("/", "pod.example.org")]


# Bad settings -------------------------------------------------------------------------------------


def test_bad_settings_are_signalled_as_long_as_they_say_whom_to_tell(machine: Machine) -> None:
    known = {key: samples.SETTINGS[key] for key in ("region", "stack_id", "signal_resource")}
    machine.settings.write_text(json.dumps({**known, "pod_name": 7, "first_boot_deadline": "x"}))
    stack = read_stack(machine)
    assert (stack.region, stack.resource, stack.deadline) == ("eu-west-1", "PodInstance", 960.0)
    fake = Aws()
    fake.create_log_stream = lambda **given: None  # type: ignore[method-assign]
    tell(machine, fake, Note("settings", "pod_name is 7"))
    assert fake.signals[0]["UniqueId"] == f"{INSTANCE}.settings"


@pytest.mark.parametrize("content", ["{", "{}", "[]"])
def test_settings_that_do_not_say_whom_to_tell_are_told_to_the_console(
    machine: Machine, told: list[Note | None], console: Path, content: str
) -> None:
    machine.settings.write_text(content)
    with pytest.raises(Permanent):
        watch_first_boot(machine)
    assert "failed at the step settings" in console.read_text()
