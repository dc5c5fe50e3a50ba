"""SNS's part: it takes what is published to topics that are there, and refuses what SNS refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs


@dataclass(frozen=True)
class Notice:
    """A mail to the admin, as it was published."""

    topic: str
    subject: str
    text: str


class Topics:
    """The one call that a pod makes. ``known`` are the topics that a stack has made."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all topics, and all mails."""
        self.known: set[str] = set()
        self.notices: list[Notice] = []

    def respond(self, body: bytes) -> tuple[int, str, bytes]:
        """Status, content type and body for a request."""
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if fields.get("Action") != "Publish":
            return _error(400, "InvalidAction")
        notice = Notice(fields["TopicArn"], fields["Subject"], fields["Message"])
        if notice.topic not in self.known:
            return _error(404, "NotFound")
        # "ASCII text that begins with a letter, number, or punctuation mark", no line breaks, "less
        # than 100 characters" (SNS API reference, "Publish").
        if not re.fullmatch(r"[!-~][ -~]{0,98}", notice.subject) or len(notice.text) > 262_144:
            return _error(400, "InvalidParameter")
        self.notices.append(notice)
        text = (
            '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
            "<PublishResult><MessageId>0</MessageId></PublishResult>"
            "<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></PublishResponse>"
        )
        return 200, "text/xml", text.encode()


def _error(status: int, code: str) -> tuple[int, str, bytes]:
    text = (
        "<ErrorResponse><Error><Type>Sender</Type>"
        f"<Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>"
    )
    return status, "text/xml", text.encode()
