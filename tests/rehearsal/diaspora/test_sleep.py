"""Nobody is there and the database sleeps: what other pods and strangers get of diaspora* then.

What is answered from memory is compared to what diaspora* answers when it is asked. Each change is
made as a person or a command makes it, and looked for at once.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..fakes.front import Answer
from ..figures import Figures
from ..memory import memory
from ..network import Vpc
from ..patience import until
from ..pictures import noise
from ..pod import Pod
from ..quiet import HTML, JSON, PATIENT, POLL, SCRIPT, fall_quiet, shorten_visits, undisturbed
from .conftest import ADMIN
from .person import Person, make_account

WEB = "diaspora-web.service"
MAGIC = {"Content-Type": "application/magic-envelope+xml"}
ENVELOPE = b"<me:env xmlns:me='http://salmon-protocol.org/ns/magic-env'/>"
QUEUE = "redis-cli --raw -s /run/redis/redis-server.sock"
WAITING = 20
REST = 60
_NEW_KEY = """
ActiveRecord::Base.connection_pool.disconnect!
# The web server has learnt by then what is there, and looks about once a second.
sleep 3
key = OpenSSL::PKey::RSA.new(2048).public_to_pem
Person.where(diaspora_handle: ARGV[0]).update_all(serialized_public_key: key)
ActiveRecord::Base.connection_pool.disconnect!
puts key
"""
# How much more than a bare look, at most, the web server's own may take.
DEARER = 5
BARE_LOOKS = f"""
import resource, time
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
before = used()
for _ in range({REST}):
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        [line.split() for line in open(table)]
    time.sleep(1)
print(used() - before)
"""
# They ask nothing, or are what nobody must be kept from.
ALWAYS = ("/", "/users/sign_in", "/.well-known/nodeinfo", "/robots.txt", "/users/password/new")
MAILED = ("/i/0123456789ab", "/users/sign_up?invite[token]=0123456789ab")
STRANGE = ("/tags/cats", "/u/alice", "/public/alice.atom", "/posts/1", "/users/sign_up")


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return {**PATIENT, "EnableRegistration": "true"}


def test_a_tab_that_was_left_open_wakes_nobody(pod: Pod, password: str) -> None:
    """First: nobody has loaded a page of this web server yet."""
    with undisturbed(pod):
        assert pod.front.get(POLL, headers=SCRIPT).status == 204
    person = Person(pod)
    assert person.log_in(ADMIN[0], password).status == 302
    fall_quiet(pod)
    assert person.get(POLL, headers=SCRIPT).json()["notification_list"] == []


def test_whom_other_pods_look_up_they_find_in_memory(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    asked = {page: pod.front.get(page) for page in (*_pages(pod, ADMIN[0]), *_nobody())}
    with undisturbed(pod):
        told = {page: pod.front.get(page) for page in asked}
    assert {page: _said(it) for page, it in told.items()} == {
        page: _said(it) for page, it in asked.items()
    }
    assert [it.status for it in told.values()] == [200, 200, 404, 404]
    took = max(answer.seconds for answer in told.values())
    figures.add("sleep", "webfinger or hcard from memory, at most", f"{1000 * took:.0f} ms")


def test_a_private_message_is_queued_without_a_question(pod: Pod, admin: Person) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    before = _queued(pod)
    with undisturbed(pod):
        for guid, status in ((_guid(pod, ADMIN[0]), 202), ("0123456789abcdef", 404)):
            sent = pod.front.post(f"/receive/users/{guid}", ENVELOPE, headers=MAGIC)
            assert (guid, sent.status) == (guid, status)
    (job,) = set(_queued(pod)) - set(before)
    user = pod.aws.database.psql(f"SELECT id FROM users WHERE username = '{ADMIN[0]}'")
    assert f'"args":[{user},' in job
    assert '"class":"Workers::ReceivePrivate"' in job
    # It says nothing: sidekiq would try it again and again, while other stories want nobody there.
    pod.machine.succeed(f"{QUEUE} del queue:urgent queue:patient")
    pod.machine.systemctl("start diaspora-sidekiq")


def _rename(pod: Pod, person: Person) -> str:
    form = {"_method": "put", "profile[first_name]": "Trinity"}
    assert person.submit("/profile/edit", "/profile", form).status == 302
    return "Trinity"


def _show_another_face(pod: Pod, person: Person) -> str:
    photo = person.upload(noise(400, 300)).json()["data"]["photo"]
    form = {"_method": "put", "photo_id": str(photo["id"]), "profile[first_name]": "Trinity"}
    assert person.submit("/profile/edit", "/profile", form).status == 302
    return str(photo["remote_photo_name"])


def _change_keys(pod: Pod, _person: Person) -> str:
    """By a command that is connected for a small part of a second."""
    pod.machine.write("/opt/diaspora/tmp/change_key.rb", _NEW_KEY)
    as_user = "setpriv --reuid=diaspora --regid=diaspora --init-groups"
    run = f"{as_user} env HOME=/tmp RAILS_ENV=production bin/rails runner tmp/change_key.rb"
    command = f"cd /opt/diaspora && {run} {ADMIN[0]}@{pod.stack.host}"
    return pod.machine.succeed(command, seconds=120).splitlines()[-2]


@pytest.mark.parametrize("change", [_rename, _show_another_face, _change_keys])
def test_what_somebody_changes_is_told_at_once_and_from_then_on(
    change: Callable[[Pod, Person], str], pod: Pod, admin: Person
) -> None:
    _, hcard = _pages(pod, ADMIN[0])
    with undisturbed(pod):
        before = pod.front.get(hcard).text
    told = change(pod, admin)
    assert told not in before
    assert told in html.unescape(pod.front.get(hcard).text)
    with undisturbed(pod):
        assert told in html.unescape(pod.front.get(hcard).text)


def test_who_comes_is_there_at_once_and_who_closes_the_account_is_gone_at_once(pod: Pod) -> None:
    webfinger = f"/.well-known/webfinger?resource=acct:carol@{pod.stack.host}"
    with undisturbed(pod):
        assert pod.front.get(webfinger).status == 404
    password = make_account(pod, "carol", "carol@example.org")
    pages = _pages(pod, "carol")
    assert [pod.front.get(page).status for page in pages] == [200, 200]
    with undisturbed(pod):
        assert [pod.front.get(page).status for page in pages] == [200, 200]
    carol = Person(pod)
    assert carol.log_in("carol", password).status == 302
    with undisturbed(pod):
        assert [pod.front.get(page).status for page in pages] == [200, 200]
    form = {"_method": "delete", "user[current_password]": password}
    assert carol.submit("/user/edit", "/user", form).status == 302
    assert [pod.front.get(page).status for page in pages] == [404, 404]
    with undisturbed(pod):
        assert [pod.front.get(page).status for page in pages] == [404, 404]


def test_twenty_requests_that_wait_for_it_to_wake_hold_up_nobody(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    fall_quiet(pod)
    pod.aws.database.sleep(wake_after=20)

    def wait(number: int) -> tuple[Answer, float]:
        asks = {**JSON, "X-Number": str(number)}
        source = Vpc.VISITORS[number % 4]
        return pod.front.get(MAILED[0], headers=asks, source=source), time.monotonic()

    with ThreadPoolExecutor(WAITING) as pool:
        asked = [pool.submit(wait, number) for number in range(WAITING)]
        time.sleep(1)
        quiet = {page: pod.front.get(page) for page in ALWAYS}
        over = time.monotonic()
        waited = [task.result() for task in asked]
    for page, answer in quiet.items():
        took = f"{1000 * answer.seconds:.0f} ms"
        figures.add("sleep", f"{page} beside {WAITING} requests that wait for the database", took)
        assert (page, answer.status) == (page, 200)
    assert {answer.status for answer, _ in waited} == {503}
    assert {answer.headers["retry-after"] for answer, _ in waited} == {"10"}
    assert not any("<" in answer.text for answer, _ in waited)
    assert over < max(ended for _, ended in waited)
    longest = max(answer.seconds for answer, _ in waited)
    figures.add("sleep", "who waits for the database is answered within", f"{longest:.1f} s")
    # A person comes back by himself.
    until(lambda: admin.get("/stream").status == 200)


def test_strangers_wake_it_four_times_a_day_and_people_as_often_as_they_like(
    pod: Pod, password: str
) -> None:
    shorten_visits(pod)
    # The login page that is warmed is somebody's, for as long as a connection is kept.
    time.sleep(10)
    fall_quiet(pod)
    statuses = []
    for _ in range(6):
        statuses.append(pod.front.get("/tags/cats").status)
        time.sleep(1.5)
    assert statuses == [200] * 4 + [503] * 2
    forged = {"Cookie": "_diaspora_session=mine; remember_user_token=mine"}
    with undisturbed(pod):
        assert {page: pod.front.get(page).status for page in STRANGE} == dict.fromkeys(STRANGE, 503)
        assert pod.front.get("/tags/cats", headers=forged).status == 503
        assert {page: pod.front.get(page).status for page in ALWAYS} == dict.fromkeys(ALWAYS, 200)
        turned_away = pod.front.get("/tags/cats", headers=HTML)
    assert turned_away.headers["retry-after"] == "3600"
    assert re.search("<p>[^<.]+ <a href=[^<.]+</a>[^<.]+\\.</p>", turned_away.text)
    for page in (*MAILED, "/fetch/post/0123456789abcdef"):
        fall_quiet(pod)
        before = pod.aws.database.connections
        assert pod.front.get(page, headers=HTML).status in (200, 302, 404)
        assert (page, pod.aws.database.connections) != (page, before)
    fall_quiet(pod)
    person = Person(pod)
    assert person.log_in(ADMIN[0], password).status == 302
    # Somebody is here.
    assert pod.front.get("/tags/cats").status == 200
    fall_quiet(pod)
    assert person.get("/tags/cats").status == 200


def test_at_rest_all_this_takes_hardly_anything(pod: Pod, figures: Figures) -> None:
    """A look a second, which is compared with the same by a program that does nothing else: what
    one takes is the host's (1.0 to 14.6 ms on the same one, by how its processors rest)."""
    with undisturbed(pod):
        before = _processor_seconds(pod)
        bare = float(pod.machine.succeed(f"python3 -c '{BARE_LOOKS}'", REST + 60))
        spent = _processor_seconds(pod) - before
    used = memory(pod.machine)[WEB]
    took = f"{spent:.2f} s of processor; bare looks {bare:.2f} s"
    figures.add("sleep", f"{REST} s at rest, the web server", took)
    figures.add("sleep", "memory of the web server at rest", f"{used / 1_000_000:.0f} MB")
    assert spent < DEARER * bare


def _pages(pod: Pod, name: str) -> tuple[str, str]:
    """What other pods ask for who look somebody up."""
    webfinger = f"/.well-known/webfinger?resource=acct:{name}@{pod.stack.host}"
    return webfinger, f"/hcard/users/{_guid(pod, name)}"


def _nobody() -> tuple[str, str]:
    return (
        "/.well-known/webfinger?resource=acct:nobody@example.org",
        "/hcard/users/0123456789abcdef",
    )


def _guid(pod: Pod, name: str) -> str:
    handle = f"{name}@{pod.stack.host}"
    return pod.aws.database.psql(f"SELECT guid FROM people WHERE diaspora_handle = '{handle}'")


def _said(answer: Answer) -> tuple[int, str, bytes]:
    return answer.status, answer.headers["content-type"], answer.body


def _queued(pod: Pod) -> list[str]:
    """All jobs that wait in queues."""
    redis = "redis-cli -s /run/redis/redis-server.sock"
    each = (
        f"for queue in $({redis} --raw keys 'queue:*'); do {redis} --raw lrange $queue 0 -1; done"
    )
    return [line for line in pod.machine.succeed(each).splitlines() if line]


def _processor_seconds(pod: Pod) -> float:
    """What the web server has had so far: the kernel counts hundredths."""
    ask = "cut -d' ' -f14,15 /proc/$(systemctl show -P MainPID diaspora-web)/stat"
    return sum(map(int, pod.machine.succeed(ask).split())) / 100
