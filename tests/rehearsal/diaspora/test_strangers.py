"""What strangers may do to a pod: fill its disk, its memory, or all of its time.

The machine here has the host's memory, so that what a fetch takes is seen and limits of units that
are parts of the machine's are not.
"""

from __future__ import annotations

import base64
import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from ..fakes.stranger import Stranger
from ..figures import Figures
from ..memory import memory, peak
from ..network import Vpc
from ..patience import until
from ..pod import Pod
from .conftest import ADMIN, jobs
from .person import Person, make_account

MB = 1_000_000
WORD = "chrysanthemum"
ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
HOST = "stranger.example.com"
# A provider of oEmbed is asked at its own address: the one by HTTP, the other by HTTPS.
PROVIDERS = {
    "http": ("www.mixcloud.com", "http://www.mixcloud.com/somebody/something"),
    "https": ("media.ccc.de", "https://media.ccc.de/v/something"),
}
SIDEKIQ = "diaspora-sidekiq.service"
# Sockets hold some of what was sent and never read.
MOST_READ = 16 * MB
CRAWLER = Vpc.VISITORS[1]


@pytest.fixture(scope="module")
def stranger(pod: Pod) -> Stranger:
    """Somebody's server, to which links lead."""
    hosts = [host for host, _ in PROVIDERS.values()]
    return Stranger(pod.aws.vpc, pod.aws.names, pod.aws.authority, HOST, *hosts)


def test_bodies_of_strangers_are_written_nowhere(pod: Pod, figures: Figures) -> None:
    """A parameter of no name that diaspora* knows: it keeps some of its own out of the log."""
    before = _logged(pod)
    body = f"thoughts={WORD}".encode() + b"a" * 900_000

    def send(number: int) -> int:
        source = Vpc.VISITORS[number % len(Vpc.VISITORS)]
        return pod.front.post("/status_messages", body, ENCODED, source=source).status

    with ThreadPoolExecutor(len(Vpc.VISITORS)) as pool:
        statuses = Counter(pool.map(send, range(600)))
    assert not {status for status in statuses if status < 300}, statuses
    grown = _logged(pod) - before
    figures.add(
        *("strangers", "600 posts of 900 KB without a login: written to logs and journal"),
        *(f"{grown / MB:.1f} MB", f"{600 * len(body) / MB:.0f} MB", "no parameter is logged"),
    )
    assert grown < 2 * MB
    assert _lines_with(pod, WORD) == 0


def test_a_body_of_nine_megabytes_is_refused_where_no_files_go(pod: Pod, figures: Figures) -> None:
    before = _logged(pod)
    body = f"thoughts={WORD}".encode() + b"a" * 8_900_000
    assert {pod.front.post("/status_messages", body, ENCODED).status for _ in range(5)} == {413}
    grown = _logged(pod) - before
    what = "5 posts of 8.9 MB without a login: written"
    figures.add("strangers", what, f"{grown / 1000:.0f} kB", f"{5 * len(body) / MB:.0f} MB", "413")
    assert grown < 100_000
    assert _lines_with(pod, WORD) == 0


def test_private_words_and_tokens_stand_in_no_log(pod: Pod, admin: Person) -> None:
    bob = Person(pod)
    bob.log_in("bob", make_account(pod, "bob", "bob@example.net"))
    assert admin.follow(f"bob@{pod.stack.host}").status == 200
    assert bob.follow(f"{ADMIN[0]}@{pod.stack.host}").status == 200
    message = {"subject": f"{WORD}subject", "text": f"{WORD}text"}
    whom = {"person_ids": str(admin.find(f"bob@{pod.stack.host}")["id"])}
    assert admin.send("/conversations", {"conversation": message, **whom}).status == 200
    until(lambda: f"{WORD}subject" in bob.get("/conversations").text)
    link = f"/users/password/edit?reset_password_token={WORD}token"
    assert pod.front.get(link, headers={"Accept": "text/html"}).status == 200
    form = {
        "_method": "put",
        "user[reset_password_token]": f"{WORD}token",
        "user[password]": f"{WORD}password",
        "user[password_confirmation]": f"{WORD}password",
    }
    Person(pod).submit(link, "/users/password", form)
    assert "/users/password/edit" in pod.machine.journal("diaspora-web")
    assert _lines_with(pod, WORD) == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("size", "says_size"), [(200 * MB, False), (1500 * MB, True)], ids=["in chunks", "said"]
)
@pytest.mark.parametrize("kind", ["a page", "oEmbed"])
def test_a_link_to_a_page_without_end_is_not_read_to_its_end(
    *,
    kind: str,
    size: int,
    says_size: bool,
    scheme: str,
    pod: Pod,
    admin: Person,
    stranger: Stranger,
    figures: Figures,
) -> None:
    stranger.size, stranger.says_size = size, says_size
    stranger.readings.clear()
    name = f"{size // MB} MB {'said' if says_size else 'in chunks'}"
    link = PROVIDERS[scheme][1] if kind == "oEmbed" else f"{scheme}://{HOST}/{size}"
    before = memory(pod.machine)[SIDEKIQ]
    with peak(pod.machine) as seen:
        _write(admin, f"Look at this: {link} ({kind}, {name})")
        until(lambda: stranger.readings != [] and jobs(pod) == 0, 90)
    assert seen.at_peak
    grown = max(0, seen.at_peak.get(SIDEKIQ, before) - before)
    read = sum(reading.sent for reading in stranger.readings)
    told = f"{read / MB:.1f} MB sent, sidekiq {grown / MB:+.0f} MB"
    figures.add("strangers", f"a link by {scheme} to {kind} of {name}", told, "", "4 MB at most")
    assert read < MOST_READ
    assert grown < 60 * MB
    assert not any(reading.whole for reading in stranger.readings)
    assert f"({kind}, {name})" in admin.get("/stream.json").text


def test_a_link_to_a_page_that_ends_is_shown_beside_those(
    pod: Pod, admin: Person, stranger: Stranger
) -> None:
    stranger.size, stranger.says_size = 200 * MB, False
    _write(admin, f"A long one: https://{HOST}/again")
    _write(admin, f"A short one: https://{HOST}/short")
    titles = "SELECT count(*) FROM open_graph_caches WHERE title = 'A page'"
    until(lambda: pod.aws.database.psql(titles) == "1")
    assert pod.machine.unit(SIDEKIQ)["NRestarts"] == "0"


def test_what_a_job_that_failed_was_given_stands_in_no_log(pod: Pod, admin: Person) -> None:
    """Whoever signs as somebody of a pod that is not there has the job fail, and tried again."""
    somebody = base64.b64encode(b"mallory@nowhere.example.net").decode()
    content = base64.urlsafe_b64encode(f"<xml>{WORD}</xml>".encode()).decode()
    envelope = (
        "<me:env xmlns:me='http://salmon-protocol.org/ns/magic-env'>"
        f"<me:data type='application/xml'>{content}</me:data><me:encoding>base64url</me:encoding>"
        f"<me:alg>RSA-SHA256</me:alg><me:sig key_id='{somebody}'>{content}</me:sig></me:env>"
    )
    headers = {"Content-Type": "application/magic-envelope+xml"}
    assert pod.front.post("/receive/public", envelope.encode(), headers).status == 202
    # While somebody is there, it does not wait.
    assert admin.get("/stream").status == 200
    pod.machine.wait_for_journal("WARN: DiasporaFederation::Discovery::DiscoveryError")
    assert _lines_with(pod, content) == 0


def test_failed_logins_from_many_addresses_leave_no_files(pod: Pod, figures: Figures) -> None:
    form = b"user[username]=alice&user[password]=wrong"

    def fail(address: str) -> int:
        headers = {"X-Client-IP": address, "X-Client-Proto": "https", **ENCODED}
        return pod.inside("POST", "/users/sign_in", headers, form).status

    before = _cached_files(pod)
    for number in range(200):
        assert fail(f"192.0.2.{number}") != 429
    kept = _cached_files(pod) - before
    what = "200 addresses that failed to log in: files left in tmp/cache"
    figures.add("strangers", what, str(kept), "200", "they are counted in memory")
    assert kept == 0
    assert [fail("192.0.2.250") for _ in range(25)].count(429) == 5


def test_a_crawler_of_fifty_pages_delays_nobody_much(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    page = f"/u/{ADMIN[0]}"
    alone = statistics.median(admin.get("/stream").seconds for _ in range(5))
    began = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(pod.front.get, page, source=CRAWLER) for _ in range(50)]
        beside = []
        while not all(task.done() for task in asked):
            beside.append(admin.get("/stream"))
        took = time.monotonic() - began
        crawled = {task.result().status for task in asked}
    usual = statistics.median(answer.seconds for answer in beside)
    worst = max(answer.seconds for answer in beside)
    what = "a stream beside 50 pages that a crawler asks for at once"
    told = f"{usual / alone:.1f} times as long as alone, at most {worst:.1f} s of {took:.1f} s"
    figures.add("strangers", what, told, "", "15 pages at once, then 10 in a second")
    assert {answer.status for answer in beside} == {200}
    assert crawled == {200}
    # Whoever waited behind all of them would wait for as long as they take.
    assert usual < took * 3 / 4


def _write(person: Person, text: str) -> None:
    post = {"status_message": {"text": text}, "aspect_ids": ["public"]}
    assert person.send("/status_messages", post).status == 201


def _logged(pod: Pod) -> int:
    """Bytes of all that was said to the journal, and of the application's own logs."""
    count = "(journalctl --output=cat --all --no-pager; cat /opt/diaspora/log/*) 2>&1 | wc -c"
    return int(pod.machine.succeed(count))


def _lines_with(pod: Pod, word: str) -> int:
    """How many lines of any log hold a word."""
    everything = (
        "journalctl --output=export --all --no-pager; cat -- $(find /var/log -name '*.log')"
    )
    status, found = pod.machine.run(
        f"({everything} /opt/diaspora/log/* 2>/dev/null) | grep --text --count {word}"
    )
    assert status in (0, 1), found
    return int(found)


def _cached_files(pod: Pod) -> int:
    return int(pod.machine.succeed("find /opt/diaspora/tmp -type f -path '*/cache/*' | wc -l"))
