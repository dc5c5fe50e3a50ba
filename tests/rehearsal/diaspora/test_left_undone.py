"""Everything that diaspora*'s database says is under way is done, though its jobs are lost."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import pytest

from ..fakes.far_pod import FarPod
from ..figures import Figures
from ..moves import redis
from ..patience import until
from ..pictures import noise
from ..pod import Pod
from ..test_left_undone import FILE
from .conftest import jobs
from .person import Person, make_account

HOUR = 5
EDIT = "/user/edit"
BUSY = "We are currently processing your data"
# Each kind → what is still marked so.
MARKS = {
    "exports": "SELECT count(*) FROM users WHERE exporting",
    "exports of photos": "SELECT count(*) FROM users WHERE exporting_photos",
    "deletions": "SELECT count(*) FROM account_deletions WHERE completed_at IS NULL",
    "half a closing": "SELECT count(*) FROM people LEFT JOIN account_deletions ON person_id = "
    "people.id WHERE diaspora_handle ~ '^carol@' AND account_deletions.completed_at IS NULL",
    "people who moved away": "SELECT count(*) FROM account_migrations WHERE completed_at IS NULL",
    "photos": "SELECT count(*) FROM photos WHERE processed_image IS NULL",
    "fetches": "SELECT count(*) FROM people WHERE fetch_status BETWEEN 1 AND 3",
}


@dataclass(frozen=True)
class Member:
    """Somebody who is logged in, and the password."""

    person: Person
    password: str

    def close_account(self) -> None:
        """Fill in the form that asks for the password once more."""
        closing = {"_method": "delete", "user[current_password]": self.password}
        assert self.person.submit(EDIT, "/user", closing).status == 302


@pytest.fixture(scope="module")
def people(pod: Pod) -> dict[str, Member]:
    """Who leaves in one way or another."""
    made = {}
    for name in ("bob", "carol", "dave", "eve"):
        person = Person(pod)
        password = make_account(pod, name, f"{name}@example.net")
        assert person.log_in(name, password).status == 302
        made[name] = Member(person, password)
    return made


def test_all_that_was_under_way_is_put_right_when_the_queue_is_lost(
    pod: Pod, admin: Person, people: dict[str, Member], far: FarPod, figures: Figures
) -> None:
    admin.find(far.erin.handle)
    until(lambda: jobs(pod) == 0)
    pod.machine.systemctl("stop diaspora-sidekiq")
    _ask_for_everything(pod, admin, people["bob"], far)
    assert {kind: pod.database.psql(asked) for kind, asked in MARKS.items()} == dict.fromkeys(
        MARKS, "1"
    )
    assert admin.get(EDIT).text.count(BUSY) == 1
    redis(pod, "FLUSHALL")
    _shorten_the_hour(pod)
    began = time.monotonic()
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: not [kind for kind in MARKS if pod.database.psql(MARKS[kind]) != "0"], 120)
    why = f"{HOUR} s of them play the hour"
    figures.add("left undone", "all kinds, seconds", f"{time.monotonic() - began:.0f}", "", why)
    page = admin.get(EDIT).text
    assert BUSY not in page
    assert "Request my profile data" in page
    closed = "SELECT count(*) FROM users WHERE email ~ '^deletedaccount_'"
    # Bob, Carol, and Dave, who is somewhere else by now.
    assert pod.database.psql(closed) == "3"
    until(lambda: jobs(pod) == 0)
    assert (redis(pod, "ZCARD retry"), redis(pod, "ZCARD dead")) == ("0", "0")


def test_a_deletion_that_is_done_four_times_at_once_does_no_harm(
    pod: Pod, people: dict[str, Member]
) -> None:
    """As where an old pod still does it, or its job is handed over late."""
    eve = people["eve"]
    pod.machine.systemctl("stop diaspora-sidekiq")
    for word in ("one", "two", "three", "four"):
        assert eve.person.upload(noise(200, 200)).status == 200
        post = {"status_message": {"text": f"Good bye {word}"}, "aspect_ids": ["public"]}
        assert eve.person.send("/status_messages", post).status == 201
    eve.close_account()
    number = pod.database.psql("SELECT max(id) FROM account_deletions")
    for count in range(3):
        redis(pod, f"LPUSH queue:low '{_job('DeleteAccount', int(number), count)}'")
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: pod.database.psql(MARKS["deletions"]) == "0", 60)
    until(lambda: jobs(pod) == 0 and redis(pod, "ZCARD retry") == "0", 180)
    assert redis(pod, "ZCARD dead") == "0"
    assert pod.database.psql("SELECT count(*) FROM posts WHERE text ~ '^Good bye'") == "0"


def test_an_export_that_is_made_though_it_was_taken_back_is_there(pod: Pod, admin: Person) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    assert admin.submit(EDIT, "/user/export_profile", {}).status == 302
    pod.database.psql("UPDATE users SET exporting = false")
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: pod.database.psql("SELECT count(*) FROM users WHERE export <> ''") == "1", 120)
    assert "Download my profile" in admin.get(EDIT).text


def _ask_for_everything(pod: Pod, admin: Person, leaving: Member, far: FarPod) -> None:
    """As people do it; and what a killed process leaves of a closing, a move and a fetch."""
    for export in ("export_profile", "export_photos"):
        assert admin.submit(EDIT, f"/user/{export}", {}).status == 302
    assert admin.upload(noise(600, 400)).status == 200
    leaving.close_account()
    pod.database.psql(
        f"""
        UPDATE people SET closed_account = true, updated_at = now() - interval '2 hours'
            WHERE diaspora_handle ~ '^carol@';
        UPDATE people SET fetch_status = 1 WHERE diaspora_handle = '{far.erin.handle}';
        INSERT INTO account_migrations (old_person_id, new_person_id) SELECT dave.id, erin.id
            FROM people dave, people erin
            WHERE dave.diaspora_handle ~ '^dave@' AND erin.diaspora_handle = '{far.erin.handle}';
        """
    )


def _shorten_the_hour(pod: Pod) -> None:
    text = pod.machine.read(f"/{FILE}")
    pod.machine.write(f"/{FILE}", text.replace("PATIENCE = 3600\n", f"PATIENCE = {HOUR}\n"))


def _job(worker: str, number: int, count: int) -> str:
    job = {"class": f"Workers::{worker}", "args": [number], "queue": "low"}
    times = {"created_at": time.time(), "enqueued_at": time.time()}
    return json.dumps({**job, **times, "jid": f"{worker}{count}"})
