"""Sending the log to its CloudWatch log group, which outlives the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from .aws import error_code, troubles
from .journal import Line

# Limits of PutLogEvents; each event counts 26 bytes more than its text.
MAX_BATCH_BYTES = 1_048_576
MAX_BATCH_EVENTS = 10_000
MAX_BATCH_MILLISECONDS = 24 * 60 * 60 * 1000
MAX_EVENT_BYTES = 256 * 1024
EVENT_OVERHEAD = 26
CUT = " (cut)"

Event = dict[str, Any]


def ship(logs: Any, group: str, stream: str, lines: Iterable[Line]) -> None:
    """Send the lines to a stream of the group, which is made if need be.

    Raises Transient or Permanent.
    """
    with troubles(f"the log group {group}"):
        try:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
        except Exception as error:
            if error_code(error) != "ResourceAlreadyExistsException":
                raise
        for batch in batches(lines):
            logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=batch)


def batches(lines: Iterable[Line]) -> Iterator[list[Event]]:
    """Pack lines into batches that PutLogEvents takes: bounded, and in the order of time."""
    batch: list[Event] = []
    size = 0
    for line in sorted((line for line in lines if line.text), key=lambda line: line.time):
        text, bytes_ = _cut(line.text)
        if batch and (
            size + bytes_ > MAX_BATCH_BYTES
            or len(batch) == MAX_BATCH_EVENTS
            or line.time - batch[0]["timestamp"] >= MAX_BATCH_MILLISECONDS
        ):
            yield batch
            batch, size = [], 0
        batch.append({"timestamp": line.time, "message": text})
        size += bytes_
    if batch:
        yield batch


def _cut(text: str) -> tuple[str, int]:
    """The text, cut if it is too long for an event, and what the event counts in bytes."""
    data = text.encode("utf-8", errors="replace")
    if len(data) + EVENT_OVERHEAD > MAX_EVENT_BYTES:
        room = MAX_EVENT_BYTES - EVENT_OVERHEAD - len(CUT)
        data = data[:room].decode("utf-8", errors="ignore").encode("utf-8") + CUT.encode("utf-8")
    return data.decode("utf-8"), len(data) + EVENT_OVERHEAD
