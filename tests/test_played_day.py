"""A day that is played is counted as the simulation counts it. No root, no network."""

from __future__ import annotations

import json
import time
from math import inf

import pytest

from .rehearsal import seconds
from .rehearsal.diaspora.day import Clock, billed
from .rehearsal.diaspora.test_connections import KINDS, SILENT
from .rehearsal.fakes.sessions import Session, sessions_of

LOG = """\
100.250 [7] LOG:  connection received: host=127.0.0.10 port=4000
100.500 [7] LOG:  connection authorized: user=diaspora database=pod application_name=diaspora SSL
101.000 [8] LOG:  connection authorized: user=postgres database=pod application_name=psql
103.000 [9] LOG:  connection authorized: user=diaspora database=pod application_name=diaspora SSL
104.000 [8] LOG:  disconnection: session time: 0:00:03.000 user=postgres database=pod host=[local]
107.750 [7] LOG:  disconnection: session time: 0:00:07.500 user=diaspora database=pod host=127.0.0.1
120.000 [7] LOG:  connection authorized: user=diaspora database=pod application_name=diaspora SSL
"""


def test_the_log_tells_of_the_pods_own_connections_alone() -> None:
    seen = [Session(100.5, 107.75), Session(103, inf), Session(120, inf)]
    assert sessions_of("diaspora", LOG) == seen


def test_what_overlaps_is_billed_once_and_a_pause_between_wakes_not_at_all() -> None:
    sessions = [Session(0, 10), Session(5, 8), Session(200, 210), Session(1000, 1010)]
    hours, wakes = billed(sessions, pause=300)
    assert wakes == 2
    assert hours * 3600 == pytest.approx(510 + 310)


def test_a_clock_tells_of_each_moment_what_it_showed_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    clock = Clock()
    clock.start(50)
    now[0] = 1010
    clock.jump(3600)
    assert (clock.drawn(1005), clock.drawn(1011), clock.now()) == (55, 3661, 3660)


def test_every_kind_that_is_simulated_was_measured() -> None:
    measured = json.loads(seconds.FILE.read_text("utf-8"))["seconds"]
    assert set(measured) == {*KINDS, *SILENT, "batch"}
