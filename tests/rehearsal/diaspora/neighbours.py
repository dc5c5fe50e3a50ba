"""People of two pods who know each other, and what each of them sees and does."""

from __future__ import annotations

from typing import Any

from ..pod import Pod
from .person import Person, make_account

FRIENDS = {"DomainName": "friends.example.net", "HostedZoneId": "Z9876543210ABCDEFGHIJ"}
ALICE = "alice@pod.example.org"
DAVE = "dave@friends.example.net"
# The first messages of a stranger come at once, and each has the pod look up who that is. One of
# them is too late to note it down, fails, and is read again after 15 to 25 seconds.
FIRST_RETRY = 90


def inhabitant(pod: Pod, handle: str) -> Person:
    """Somebody who has an account there, logged in."""
    name = handle.partition("@")[0]
    password = make_account(pod, name, f"{name}@example.com")
    person = Person(pod)
    assert person.log_in(name, password).status == 302
    return person


def write(writer: Person, text: str, whom: str | int, **more: Any) -> int:
    """Write a post; returns the answer's status."""
    post = {"status_message": {"text": text}, "aspect_ids": [whom], **more}
    return writer.send("/status_messages", post).status


def stream(reader: Person) -> dict[str, Any]:
    """The posts of somebody's stream, by their texts."""
    return {post["text"]: post for post in reader.get("/stream.json").json()}


def notices(person: Person) -> str:
    """What somebody was told lately, in one text."""
    listed = person.get("/notifications.json").json()["notification_list"]
    return "\n".join(notice[notice["type"]]["note_html"] for notice in listed)


def relationship(person: Person, other: str) -> str:
    """What somebody is to a person, as the person's own pod sees it."""
    contacts = person.get("/contacts.json?set=all").json()
    found = [it["person"] for it in contacts if it["person"]["diaspora_id"] == other]
    return str(found[0]["relationship"]) if found else ""
