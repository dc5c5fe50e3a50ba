"""The database sleeps while nobody is there: what is answered without it, and who may wake it.

The stand-in knows no accounts: everybody is a stranger to it. What is true of people, the stories
of diaspora* itself tell.
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .figures import Figures
from .network import Vpc
from .patience import until
from .pod import Pod
from .quiet import HTML, JSON, PATIENT, POLL, SCRIPT, fall_quiet, shorten_visits, undisturbed

WAITING = 20
QUIET = ("/", "/users/sign_in", "/.well-known/nodeinfo", "/robots.txt")
COOKIE = {"Cookie": "_diaspora_session=somebody"}


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return PATIENT


def test_a_stranger_who_waited_for_it_to_wake_is_let_in_and_counted_once(pod: Pod) -> None:
    fall_quiet(pod)
    before = _visits(pod)
    pod.aws.database.sleep(wake_after=8)
    first = pod.front.get("/people", headers=HTML)
    assert (first.status, first.headers["retry-after"]) == (503, "10")
    assert 'http-equiv="refresh" content="10"' in first.text
    time.sleep(10)
    assert pod.front.get("/people", headers=HTML).status == 200
    assert _visits(pod) == before + 1


def test_a_tab_that_was_left_open_wakes_nobody(pod: Pod) -> None:
    with undisturbed(pod):
        assert pod.front.get(POLL, headers=SCRIPT).status == 204
        for other in ("/notifications", POLL.replace("page=1", "page=2")):
            assert (other, pod.front.get(other, headers=SCRIPT).status) == (other, 404)
        assert pod.front.get(POLL).status == 404
    assert pod.front.get("/people").status == 200
    # It knows no notifications: so it was asked.
    assert pod.front.get(POLL, headers=SCRIPT).status == 404


def test_a_page_that_has_just_been_loaded_gets_its_notifications(pod: Pod) -> None:
    with undisturbed(pod):
        assert pod.front.get("/", headers=COOKIE).status == 200
        assert pod.front.get(POLL, headers={**SCRIPT, **COOKIE}).status == 404


def test_twenty_requests_that_wait_for_it_to_wake_hold_up_nobody(
    pod: Pod, figures: Figures
) -> None:
    fall_quiet(pod)
    pod.aws.database.sleep(wake_after=20)

    def wait(number: int) -> tuple[int, str, float]:
        answer = pod.front.get("/people", headers=JSON, source=Vpc.VISITORS[number % 4])
        return answer.status, answer.headers["content-type"], time.monotonic()

    with ThreadPoolExecutor(WAITING) as pool:
        asked = [pool.submit(wait, number) for number in range(WAITING)]
        time.sleep(1)
        quiet = {page: pod.front.get(page) for page in QUIET}
        over = time.monotonic()
        waited = [task.result() for task in asked]
    for page, answer in quiet.items():
        took = f"{1000 * answer.seconds:.0f} ms"
        figures.add("sleep", f"{page} beside {WAITING} requests that wait for the database", took)
        assert (page, answer.status) == (page, 200)
    # Nobody who reads none gets HTML.
    assert {(status, kind) for status, kind, _ in waited} == {(503, "text/plain; charset=utf-8")}
    assert over < max(ended for _, _, ended in waited)
    until(lambda: pod.front.get("/people").status == 200)


def test_requests_that_come_together_are_all_answered_while_it_is_awake(pod: Pod) -> None:
    fall_quiet(pod)
    with ThreadPoolExecutor(WAITING) as pool:
        asked = [
            pool.submit(pod.front.get, "/people", source=Vpc.VISITORS[number % 4])
            for number in range(WAITING)
        ]
        assert {task.result().status for task in asked} == {200}


def test_crawlers_are_asked_to_leave_alone_what_wakes_it(pod: Pod) -> None:
    asked = pod.front.get("/robots.txt")
    assert asked.headers["content-type"].startswith("text/plain")
    assert "\nCrawl-delay: " in asked.text


def test_strangers_wake_it_four_times_a_day_and_are_then_asked_to_come_again(pod: Pod) -> None:
    shorten_visits(pod)
    fall_quiet(pod)
    statuses = []
    for _ in range(6):
        statuses.append(pod.front.get("/people").status)
        time.sleep(1.5)
    assert statuses == [200] * 4 + [503] * 2
    with undisturbed(pod):
        person, script = (pod.front.get("/people", headers=kind) for kind in (HTML, JSON))
        for answer, kind in ((person, "text/html"), (script, "text/plain")):
            assert (answer.status, answer.headers["retry-after"]) == (503, "3600")
            assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
            assert f"{pod.settings['pod_name']} rests" in answer.text
        assert re.search("<p>[^<.]+ <a href=[^<.]+</a>[^<.]+\\.</p>", person.text)
        assert {page: pod.front.get(page).status for page in QUIET} == dict.fromkeys(QUIET, 200)


def test_while_somebody_else_uses_it_strangers_are_let_in(pod: Pod) -> None:
    """Any process of the machine; here one that says nothing."""
    assert pod.front.get("/people").status == 503
    connect = f"exec 3<>/dev/tcp/{pod.aws.database.host}/5432; sleep 5"
    pod.machine.succeed(f"systemd-run --quiet --unit=somebody bash -c '{connect}'")
    until(lambda: pod.front.get("/people").status == 200, 4)
    until(lambda: pod.front.get("/people").status == 503)


def _visits(pod: Pod) -> int:
    """How often a stranger was allowed to wake it."""
    count = "grep --count 'a stranger may wake' /opt/diaspora/log/production.log"
    return int(pod.machine.run(count)[1] or 0)
