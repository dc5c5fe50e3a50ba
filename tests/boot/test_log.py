"""The log: read from the journal, packed as CloudWatch Logs takes it."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from diaspora_pod import journal, log_group
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.journal import Line
from diaspora_pod.log_group import batches, ship

from .fakes import stubbed

# The limits of PutLogEvents, as its reference gives them.
EVENT_BYTES = 256 * 1024
BATCH_BYTES = 1_048_576
BATCH_EVENTS = 10_000
DAY = 24 * 60 * 60 * 1000


def size(batch: list[dict[str, Any]]) -> int:
    return sum(len(event["message"].encode()) + 26 for event in batch)


# The journal --------------------------------------------------------------------------------------


def entry(**fields: Any) -> bytes:
    return json.dumps({"__REALTIME_TIMESTAMP": "1700000000123456", **fields}).encode() + b"\n"


@pytest.mark.parametrize(
    "fields, text",
    [
        ({"_SYSTEMD_UNIT": "nginx.service", "MESSAGE": "é🐘"}, "nginx.service: é🐘"),
        (
            {"_SYSTEMD_UNIT": "init.scope", "UNIT": "diaspora-web.service", "MESSAGE": "Started"},
            "diaspora-web.service: Started",
        ),
        ({"UNIT": "a.service", "MESSAGE": [104, 105, 255]}, "a.service: hi\ufffd"),
        ({"UNIT": "a.service", "MESSAGE": None}, "a.service: "),
        ({"MESSAGE": "x"}, "?: x"),
    ],
)
def test_a_line_names_its_unit(fields: dict[str, Any], text: str) -> None:
    assert list(journal.parse(entry(**fields))) == [Line(1_700_000_000_123, text)]


def test_what_is_no_entry_is_left_out() -> None:
    rubbish = b"{\nnull\n[]\n{}\n" + b'{"__REALTIME_TIMESTAMP": "x"}\n'
    assert [line.text for line in journal.parse(rubbish + entry(UNIT="a", MESSAGE="b"))] == ["a: b"]


def test_the_journal_of_this_boot_is_read_to_its_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **options: Any) -> Any:
        commands.append(command)
        assert options["timeout"] > 0
        return subprocess.CompletedProcess(command, 0, entry(UNIT="a", MESSAGE="b"), b"")

    monkeypatch.setattr(subprocess, "run", run)
    assert [line.text for line in journal.read()] == ["a: b"]
    assert commands[0] == ["journalctl", "--sync"]
    assert {"--boot", "--all", "--output=json"} <= set(commands[1])
    assert {"--unit=diaspora-*", "--unit=nginx.service", "--unit=cloud-final.service"} <= set(
        commands[1]
    )


@pytest.mark.parametrize("error", [OSError(), subprocess.TimeoutExpired("journalctl", 60)])
def test_a_machine_without_a_journal_has_no_log(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert journal.read() == []


# Batches ------------------------------------------------------------------------------------------


def test_no_lines_are_no_batch() -> None:
    assert list(batches([])) == []
    assert list(batches([Line(1, "")])) == []


def test_lines_go_out_in_the_order_of_time_and_keep_it() -> None:
    lines = [Line(3, "c"), Line(1, "a"), Line(2, "b1"), Line(2, "b2")]
    (batch,) = batches(lines)
    assert [event["message"] for event in batch] == ["a", "b1", "b2", "c"]
    assert [event["timestamp"] for event in batch] == [1, 2, 2, 3]


@pytest.mark.parametrize(
    "text", ["x" * EVENT_BYTES * 2, "xé" * EVENT_BYTES, "x" + "🐘" * EVENT_BYTES]
)
def test_a_line_that_is_too_long_is_cut_and_says_so(text: str) -> None:
    ((event,),) = batches([Line(1, text)])
    assert EVENT_BYTES - 4 <= size([event]) <= EVENT_BYTES
    assert event["message"].endswith(" (cut)")
    assert event["message"].removesuffix(" (cut)") in text


def test_a_line_that_just_fits_is_left_alone() -> None:
    text = "x" * (EVENT_BYTES - 26)
    ((event,),) = batches([Line(1, text)])
    assert event["message"] == text


def test_half_a_letter_is_no_trouble() -> None:
    ((event,),) = batches([Line(1, "a\ud83db")])
    assert event["message"] == "a?b"


def test_a_batch_is_as_large_as_it_may_be_and_no_larger() -> None:
    lines = [Line(number, "x" * (EVENT_BYTES - 26)) for number in range(9)]
    made = list(batches(lines))
    assert [len(batch) for batch in made] == [4, 4, 1]
    assert all(size(batch) <= BATCH_BYTES for batch in made)
    assert size(made[0]) == BATCH_BYTES


def test_a_batch_has_no_more_events_than_it_may() -> None:
    made = list(batches(Line(number, "x") for number in range(BATCH_EVENTS * 2 + 1)))
    assert [len(batch) for batch in made] == [BATCH_EVENTS, BATCH_EVENTS, 1]


def test_a_batch_spans_less_than_a_day() -> None:
    # A clock that was set during the boot.
    made = list(batches([Line(0, "a"), Line(DAY - 1, "b"), Line(DAY, "c"), Line(DAY + 1, "d")]))
    assert [[event["message"] for event in batch] for batch in made] == [["a", "b"], ["c", "d"]]


def test_every_line_arrives_once() -> None:
    lines = [Line(number, f"{number} " + "é" * (number % 5000)) for number in range(3000)]
    sent = [event["message"] for batch in batches(lines) for event in batch]
    assert sent == [line.text for line in lines]


# Sending ------------------------------------------------------------------------------------------


def test_a_stream_is_made_and_filled() -> None:
    with stubbed("logs") as (logs, stub):
        names = {"logGroupName": "group", "logStreamName": "i-1"}
        stub.add_response("create_log_stream", {}, names)
        stub.add_response(
            "put_log_events", {}, {**names, "logEvents": [{"timestamp": 1, "message": "a"}]}
        )
        ship(logs, "group", "i-1", [Line(1, "a")])


def test_a_stream_that_is_there_is_filled_further() -> None:
    with stubbed("logs") as (logs, stub):
        stub.add_client_error("create_log_stream", "ResourceAlreadyExistsException")
        stub.add_response("put_log_events", {})
        ship(logs, "group", "i-1", [Line(1, "a")])


@pytest.mark.parametrize(
    "code, kind",
    [("AccessDeniedException", Permanent), ("ThrottlingException", Transient)],
)
def test_troubles_name_the_group(code: str, kind: type[Exception]) -> None:
    with stubbed("logs") as (logs, stub):
        stub.add_client_error("create_log_stream", code)
        with pytest.raises(kind, match="the-group"):
            ship(logs, "the-group", "i-1", [Line(1, "a")])


def test_our_limits_are_those_of_the_reference() -> None:
    assert log_group.MAX_EVENT_BYTES == EVENT_BYTES
    assert log_group.MAX_BATCH_BYTES == BATCH_BYTES
    assert log_group.MAX_BATCH_EVENTS == BATCH_EVENTS
