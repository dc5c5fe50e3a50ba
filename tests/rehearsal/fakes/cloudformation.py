"""CloudFormation's part: it takes signals, and says that the resource is being made."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Signal:
    """A signal as it came; ``at`` is a time of the monotonic clock."""

    stack: str
    resource: str
    unique_id: str
    status: str
    at: float

    @property
    def step(self) -> str:
        """The step that a failure names behind the instance's id; empty for a success."""
        return self.unique_id.partition(".")[2]


class CloudFormation:
    """The two calls that a pod makes."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all signals, and take new ones."""
        self.signals: list[Signal] = []
        self.refuses = False

    def action(self, body: bytes) -> str:
        """The name of the call in a request."""
        return _fields(body).get("Action", "")

    def respond(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body for a request."""
        fields = _fields(body)
        if fields.get("Action") == "SignalResource":
            return self._signal(fields)
        if fields.get("Action") == "DescribeStackResource":
            return _xml(
                "DescribeStackResource",
                "<StackResourceDetail><ResourceStatus>CREATE_IN_PROGRESS</ResourceStatus>"
                f"<LogicalResourceId>{fields['LogicalResourceId']}</LogicalResourceId>"
                "</StackResourceDetail>",
            )
        return _error("InvalidAction", "no such call here")

    def _signal(self, fields: dict[str, str]) -> tuple[int, str, bytes]:
        if self.refuses:
            # What CloudFormation says to a machine whose stack no longer waits.
            return _error("ValidationError", "the stack is in CREATE_COMPLETE state")
        if len(fields["UniqueId"]) > 64:
            return _error("ValidationError", "UniqueId is longer than 64 characters")
        self.signals.append(
            Signal(
                stack=fields["StackName"],
                resource=fields["LogicalResourceId"],
                unique_id=fields["UniqueId"],
                status=fields["Status"],
                at=time.monotonic(),
            )
        )
        return _xml("SignalResource", "")


def _fields(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _xml(action: str, result: str) -> tuple[int, str, bytes]:
    text = (
        f'<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<{action}Result>{result}</{action}Result>"
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{action}Response>"
    )
    return 200, "text/xml", text.encode()


def _error(code: str, message: str) -> tuple[int, str, bytes]:
    text = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    )
    return 400, "text/xml", text.encode()
