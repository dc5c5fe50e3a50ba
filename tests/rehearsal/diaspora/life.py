"""What happens to a pod, done to a real one: each kind of ``diaspora_cf/cost/arrivals.py``."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

from ..fakes.far_pod import PRIVATE, PUBLIC, Author, FarPod
from ..network import Vpc
from ..patience import until
from ..pod import Pod
from .conftest import ADMIN
from .person import Person

# No name server knows it, as with most pods that are gone.
GONE = "gone.example.net"
# diaspora*'s own count of tries: the last one plans none that nobody has asked for.
LAST_TRY = 9
# Each address may send so many messages at once, and no more.
OTHERS, CRAWLER = Vpc.VISITORS[1:9], Vpc.VISITORS[9]
# What the script of a page that is left open asks for: app/assets/javascripts/app/collections/
# notifications.js.
POLL = "/notifications?per_page=10&page=1"
# For how long a page loads, and a stranger looks around: open_tabs.rb, strangers.rb.
LOADING, VISIT = 60, 120
FROM_SCRIPT = {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"}


class Life:
    """One pod with people who are logged in, and Erin on another pod, whom the first one follows.

    ``sent`` holds the texts of public messages, and when each was sent, in seconds since 1970;
    ``answered`` within how many seconds each message was taken. ``settles`` is the time until which
    the web server remembers what has happened by a clock of its own.
    """

    def __init__(self, pod: Pod, far: FarPod, people: list[Person]) -> None:
        self.sent: dict[str, float] = {}
        self.answered: list[float] = []
        self.settles = 0.0
        self._pod = pod
        self._far = far
        self._nobody = Author.of(f"nobody@{GONE}")
        self._people = cycle(people)
        self._others = cycle(OTHERS)
        self._writer = people[0]
        self._prepare()
        self._pages = self._strangers_pages()
        self._kinds: Mapping[str, Callable[[], None]] = {
            "public": self.public_message,
            "private": self._private_message,
            "job retry": self._job_retry,
            "send retry": self._send_retry,
            "page": self._page,
            "tab": self._tab,
            "lookup": self._look_up,
            "fetch": self._fetch,
            "stranger": self._stranger,
        }

    def happen(self, kind: str) -> None:
        """Have it happen; what is no kind of its own is the class of a cron job."""
        if kind in self._kinds:
            self._kinds[kind]()
        else:
            self._enqueue(f"Workers::{kind}", [])

    def public_message(self) -> None:
        """Erin writes to everybody."""
        text = f"message {len(self.sent)}"
        self.sent[text] = time.time()
        self._receive("public", self._far.erin.post(text), PUBLIC)

    def arrived(self) -> dict[str, float]:
        """The texts of those that are there, and when each came, in seconds since 1970."""
        asked = "SELECT text, extract(epoch FROM updated_at) FROM posts WHERE text LIKE 'message %'"
        rows = self._ask(asked).splitlines()
        return {text: float(at) for text, _, at in (row.partition("|") for row in rows)}

    def _prepare(self) -> None:
        post = {"status_message": {"text": "Good morning"}, "aspect_ids": ["public"]}
        assert self._writer.send("/status_messages", post).status == 201
        taken = len(self._far.taken)
        assert self._writer.follow(self._far.erin.handle).status == 200
        until(lambda: len(self._far.taken) > taken)
        self._guid, self._key = self._ask(
            "SELECT guid, replace(serialized_public_key, chr(10), '~') FROM people"
            f" WHERE diaspora_handle = '{ADMIN[0]}@{self._pod.stack.host}'"
        ).split("|")
        self._post = self._ask("SELECT guid FROM posts WHERE text = 'Good morning'")

    def _strangers_pages(self) -> Iterator[str]:
        """Those that ask the database."""
        name = ADMIN[0]
        pages = (f"/people/{self._guid}", f"/posts/{self._post}", "/tags/morning", f"/u/{name}")
        return cycle((*pages, f"/public/{name}.atom"))

    def _private_message(self) -> None:
        sealed = self._far.erin.post("for you alone", self._key.replace("~", "\n"))
        self._receive(f"users/{self._guid}", sealed, PRIVATE)

    def _receive(self, way: str, body: bytes, headers: dict[str, str]) -> None:
        answer = self._pod.front.post(f"/receive/{way}", body, headers, source=next(self._others))
        assert answer.status == 202, answer.text
        self.answered.append(answer.seconds)

    def _job_retry(self) -> None:
        """Sidekiq's own: the author's pod is away, so that nobody knows whether to believe it."""
        job = {"retry_count": 1, "queue": "urgent"}
        self._plan("retry", "Workers::ReceivePublic", [self._nobody.post("lost").decode()], job)

    def _send_retry(self) -> None:
        where = [f"https://{GONE}/receive/public"]
        told = [1, "StatusMessage:lost", where, self._nobody.post("lost").decode(), LAST_TRY]
        self._plan("schedule", "Workers::SendPublic", told, {"queue": "medium"})

    def _page(self) -> None:
        person = next(self._people)
        for page in ("/stream", "/stream.json"):
            assert person.get(page).status == 200
        self._settle(LOADING)

    def _tab(self) -> None:
        assert next(self._people).get(POLL, FROM_SCRIPT).status in (200, 204)

    def _look_up(self) -> None:
        handle = f"acct:{ADMIN[0]}@{self._pod.stack.host}"
        for page in (f"/.well-known/webfinger?resource={handle}", f"/hcard/users/{self._guid}"):
            assert self._pod.front.get(page, source=next(self._others)).status == 200

    def _fetch(self) -> None:
        assert (
            self._pod.front.get(f"/fetch/post/{self._post}", source=next(self._others)).status
            == 200
        )

    def _stranger(self) -> None:
        headers = {"Accept": "text/html"}
        answer = self._pod.front.get(next(self._pages), headers, source=CRAWLER)
        assert answer.status in (200, 503), answer.text
        if answer.status == 200:
            self._settle(VISIT)

    def _settle(self, seconds: float) -> None:
        self.settles = max(self.settles, time.time() + seconds)

    def _enqueue(self, name: str, arguments: list[object]) -> None:
        job = _job(name, arguments, {"queue": "low"})
        self._redis("-x LPUSH queue:low", job)

    def _plan(
        self, where: str, name: str, arguments: list[object], more: Mapping[str, object]
    ) -> None:
        """Have sidekiq's own clock find a job whose time has come."""
        self._redis(f"-x ZADD {where} {time.time()}", _job(name, arguments, more))

    def _redis(self, command: str, given: Mapping[str, Any]) -> None:
        socket = "/run/redis/redis-server.sock"
        status, told = self._pod.machine.run(
            f"redis-cli -s {socket} {command}", given=json.dumps(given).encode()
        )
        assert status == 0, told

    def _ask(self, sql: str) -> str:
        return self._pod.database.psql(sql)


def _job(name: str, arguments: list[object], more: Mapping[str, object]) -> dict[str, object]:
    """A job as sidekiq keeps it; one that fails is not tried again."""
    now = time.time()
    kept = {"jid": secrets.token_hex(12), "created_at": now, "enqueued_at": now, "retry": False}
    return {"class": name, "args": arguments, **kept, **more}
