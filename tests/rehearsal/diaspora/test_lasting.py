"""The database sleeps or falls silent, and jobs are killed while they run: what is lost of it."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..figures import Figures
from ..patience import until
from ..pictures import noise
from ..pod import Pod
from ..stack import MAIL
from .conftest import ADMIN, jobs
from .person import Person, make_account

WAITING = 6
NODEINFO = "/.well-known/nodeinfo"
QUIET_PAGES = (NODEINFO, "/", "/users/sign_in")
ENVELOPE = b"<me:env xmlns:me='http://salmon-protocol.org/ns/magic-env'/>"
MAGIC = {"Content-Type": "application/magic-envelope+xml"}


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """A pod that sends mail: each comment's job ends with one, which can be counted."""
    return dict(MAIL)


@pytest.fixture(scope="module")
def bob(pod: Pod) -> Person:
    """Who comments."""
    person = Person(pod)
    assert person.log_in("bob", make_account(pod, "bob", "bob@example.net")).status == 302
    return person


def test_pages_that_wait_for_the_database_leave_room_for_others(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    guid = pod.aws.database.psql(f"SELECT guid FROM people WHERE diaspora_handle ~ '^{ADMIN[0]}@'")
    pod.aws.database.sleep(wake_after=20)
    began = time.monotonic()
    with ThreadPoolExecutor(WAITING) as pool:
        asked = [pool.submit(admin.get, "/stream") for _ in range(WAITING)]
        time.sleep(1)
        quiet = {page: pod.front.get(page) for page in QUIET_PAGES}
        received = pod.front.post(f"/receive/users/{guid}", ENVELOPE, headers=MAGIC)
        waited = [task.result() for task in asked]
    for page, answer in quiet.items():
        what = f"{page} beside {WAITING} pages that wait for the database"
        figures.add("database away", what, f"{answer.seconds:.1f} s", "up to 25 s")
        assert answer.status == 200
    for answer in waited:
        assert (answer.status, answer.headers["retry-after"]) == (503, "10")
        assert "is waking up" in answer.text
    # Other pods try again at a 503, as test_federation tells.
    assert received.status == 503
    until(lambda: admin.get("/stream").status == 200)
    seconds = time.monotonic() - began
    figures.add("database away", "asleep for 20 s: the page is back after", f"{seconds:.0f} s")
    again = pod.front.post(f"/receive/users/{guid}", ENVELOPE, headers=MAGIC)
    assert again.status == 202


def test_connections_that_died_silently_are_given_up(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    """All threads hang on connections whose packets vanish; whoever needs none waits for one."""
    with ThreadPoolExecutor(WAITING) as pool:
        # Each thread gets a connection, and loses it while it is used.
        list(pool.map(admin.get, ["/stream"] * WAITING))
        pod.machine.block(pod.aws.database.host)
        began = time.monotonic()
        try:
            asked = [pool.submit(admin.get, "/stream") for _ in range(WAITING)]
            time.sleep(1)
            until(lambda: _answers(pod), 120, every=0.1)
            seconds = time.monotonic() - began
            statuses = Counter(task.result().status for task in asked)
        finally:
            pod.machine.unblock(pod.aws.database.host)
    until(lambda: admin.get("/stream").status == 200)
    what = "connections that died silently are given up after"
    figures.add("database away", what, f"{seconds:.0f} s", "945 s")
    assert seconds < 45
    assert set(statuses) == {503}


def test_comments_whose_jobs_are_killed_are_all_told_of(
    pod: Pod, admin: Person, bob: Person, figures: Figures
) -> None:
    post = {"status_message": {"text": "What do you think?"}, "aspect_ids": ["public"]}
    sent = admin.post_json("/stream", "/status_messages", json.dumps(post).encode())
    comments = [f"My thought number {number}." for number in range(20)]
    until(lambda: jobs(pod) == 0)
    pod.aws.mail.messages.clear()
    pod.machine.systemctl("stop diaspora-sidekiq")
    for text in comments:
        assert bob.send(f"/posts/{sent.json()['id']}/comments", {"text": text}).status == 201
    pod.machine.systemctl("start --no-block diaspora-sidekiq")
    put_back = _kill_while_jobs_run(pod)
    arrived = Counter(
        text for text in comments for mail in pod.aws.mail.messages if text in mail.text
    )
    repeated = sum(arrived.values()) - len(arrived)
    told = f"{len(comments)} sent, {len(arrived)} arrived, {repeated} twice; {put_back} put back"
    figures.add("killed jobs", "comments, by their mails", told, "what ran was lost")
    assert set(arrived) == set(comments)


def test_photos_whose_jobs_are_killed_are_all_made_small(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    for _ in range(6):
        assert admin.upload(noise(1000, 700)).status == 200
    pod.machine.systemctl("start --no-block diaspora-sidekiq")
    put_back = _kill_while_jobs_run(pod)
    small = "SELECT count(*) FROM photos WHERE processed_image <> ''"
    until(lambda: pod.aws.database.psql(small) == "6")
    figures.add("killed jobs", "photos", f"6 sent, 6 made small; {put_back} put back")


def _answers(pod: Pod) -> bool:
    try:
        return pod.front.get(NODEINFO, seconds=2).status == 200
    except TimeoutError:
        return False


def _kill_while_jobs_run(pod: Pod) -> int:
    """Kill sidekiq while it has something to do; returns how many jobs the next one put back."""
    running = "redis-cli -s /run/redis/redis-server.sock HLEN diaspora:running"
    before = _put_back(pod)
    # In one command: a job is over before a second one is there.
    kill = "systemctl kill --signal=KILL diaspora-sidekiq"
    loop = f"for i in $(seq 20000); do [ $({running}) = 0 ] || {{ {kill}; exit; }}; done; exit 1"
    pod.machine.succeed(loop, 120)
    until(lambda: _put_back(pod) > before, 90)
    until(lambda: jobs(pod) == 0, 120)
    return _put_back(pod) - before


def _put_back(pod: Pod) -> int:
    return len(re.findall("put back, killed", pod.machine.journal("diaspora-sidekiq")))


@pytest.mark.usefixtures("admin", "bob")
def test_a_birthday_is_told_of_once_however_often_its_job_is_done(pod: Pod) -> None:
    """As when two machines overlap at that minute, and when the job is killed and done anew."""
    his = "(SELECT id FROM people WHERE diaspora_handle LIKE 'bob@%')"
    pod.aws.database.psql(
        f"UPDATE profiles SET birthday = current_date WHERE person_id = {his}; "
        "INSERT INTO contacts (user_id, person_id, sharing, receiving, created_at, updated_at) "
        f"SELECT id, {his}, true, true, now(), now() FROM users WHERE username = '{ADMIN[0]}'"
    )
    until(lambda: jobs(pod) == 0)
    pod.aws.mail.messages.clear()
    for _ in range(2):
        pod.machine.systemctl("stop diaspora-sidekiq")
        for number in range(5):
            job = {
                "class": "Workers::CheckBirthday",
                "args": [],
                "queue": "low",
                "jid": str(number),
            }
            given = json.dumps({**job, "retry": True, "enqueued_at": time.time()})
            put = f"redis-cli -s /run/redis/redis-server.sock LPUSH queue:low '{given}'"
            pod.machine.succeed(put)
        pod.machine.succeed("systemctl start diaspora-sidekiq", 180)
        until(lambda: jobs(pod) == 0, 120)
    told = "SELECT count(*) FROM notifications WHERE type = 'Notifications::ContactsBirthday'"
    assert pod.aws.database.psql(told) == "1"
    assert len(pod.aws.mail.messages) == 1
