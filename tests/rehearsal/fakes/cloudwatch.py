"""CloudWatch's part: it keeps log events, and takes metrics without looking."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """A log event as it was put; ``time`` in milliseconds since 1970."""

    group: str
    stream: str
    time: int
    message: str


class Logs:
    """The two calls with which a log is shipped. Every group is there; streams have to be made."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all events and streams."""
        self.events: list[Event] = []
        self.streams: set[tuple[str, str]] = set()

    def text(self, group: str, stream: str) -> str:
        """What was put into a stream, a line an event."""
        return "".join(
            f"{event.message}\n"
            for event in self.events
            if (event.group, event.stream) == (group, stream)
        )

    def respond(self, action: str, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body for a request."""
        asked = json.loads(body or b"{}")
        stream = (asked.get("logGroupName", ""), asked.get("logStreamName", ""))
        if action == "CreateLogStream":
            if stream in self.streams:
                return _error("ResourceAlreadyExistsException")
            self.streams.add(stream)
            return _json({})
        if action == "PutLogEvents":
            return self._put(stream, asked["logEvents"])
        return _error("UnknownOperationException")

    def _put(
        self, stream: tuple[str, str], events: list[dict[str, object]]
    ) -> tuple[int, str, bytes]:
        if stream not in self.streams:
            return _error("ResourceNotFoundException")
        times = [int(str(event["timestamp"])) for event in events]
        # Both are refused by the real one, and are easily got wrong.
        if not events or times != sorted(times) or len(events) > 10_000:
            return _error("InvalidParameterException")
        self.events += [
            Event(*stream, time, str(event["message"]))
            for time, event in zip(times, events, strict=True)
        ]
        return _json({"nextSequenceToken": "0"})


def put_metrics() -> tuple[int, str, bytes]:
    """The answer to PutMetricData."""
    return 200, "text/xml", b"<PutMetricDataResponse/>"


def _json(document: dict[str, str]) -> tuple[int, str, bytes]:
    return 200, "application/x-amz-json-1.1", json.dumps(document).encode()


def _error(kind: str) -> tuple[int, str, bytes]:
    body = json.dumps({"__type": kind, "message": kind}).encode()
    return 400, "application/x-amz-json-1.1", body
