"""The watcher: every way in which a first boot can end, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from diaspora_pod.boot.steps import steps
from diaspora_pod.boot.watch import MAX_RESTARTS, STANDS, Eyes, watch
from diaspora_pod.errors import Permanent, Transient
from diaspora_pod.progress import Note
from diaspora_pod.units import State

STEPS = steps(runs_jobs=True)
DEADLINE = 960.0
ACTIVE = {step.unit: State("active", 0, "success") for step in STEPS}
COMMANDS = {
    "metadata-firewall.service": "firewall",
    "diaspora-prepare.service": "settings",
    "diaspora-mount@images.service": "mount-images",
    "diaspora-mount@users.service": "mount-users",
    "diaspora-migrate.service": "database",
    "redis-server.service": "redis",
    "diaspora-web.service": "web",
    "diaspora-warm.service": "warm",
    "diaspora-sidekiq.service": "sidekiq",
    "diaspora-photos.service": "photos",
    "nginx.service": "nginx",
}


class Boot:
    """A boot that the watcher looks at: the test changes it as time goes by."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.units = dict(ACTIVE)
        self.failed: dict[str, Note] = {}
        self.notes: dict[str, Note] = {}
        self.trouble: Exception | None = None
        self.later: dict[float, Callable[[], None]] = {}
        self.asked = 0

    def states(self, units: Sequence[str]) -> dict[str, State]:
        return {unit: self.units[unit] for unit in units if unit in self.units}

    def answer(self) -> None:
        self.asked += 1
        if self.trouble:
            raise self.trouble

    def sleep(self, seconds: float) -> None:
        assert seconds == 1
        assert self.seconds < 2 * DEADLINE, "waits for ever"
        self.now += seconds
        for when in sorted(self.later):
            if when <= self.now - 1000:
                self.later.pop(when)()

    def watch(self, deadline: float = DEADLINE, started: float = 1000.0) -> Note | None:
        eyes = Eyes(
            states=self.states,
            failure=self.failed.get,
            progress=self.notes.get,
            answer=self.answer,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return watch(STEPS, eyes, started, deadline)

    @property
    def seconds(self) -> float:
        return self.now - 1000


@pytest.fixture
def boot() -> Boot:
    return Boot()


def test_a_pod_whose_steps_are_done_and_that_answers_has_booted(boot: Boot) -> None:
    assert boot.watch() is None
    assert boot.asked == 1


@pytest.mark.parametrize("unit", ACTIVE)
def test_a_pod_has_not_booted_before_each_step_is_done(boot: Boot, unit: str) -> None:
    boot.units[unit] = State("activating")
    boot.later[30] = lambda: boot.units.update({unit: State("active")})
    assert boot.watch() is None
    assert boot.seconds == 30


@pytest.mark.parametrize("trouble", [Transient("/ answers 502"), Permanent("/ answers 301")])
def test_a_pod_has_not_booted_before_it_answers(boot: Boot, trouble: Exception) -> None:
    boot.trouble = trouble
    boot.later[30] = lambda: setattr(boot, "trouble", None)
    assert boot.watch() is None
    assert boot.seconds == 30


@pytest.mark.parametrize("unit, step", COMMANDS.items())
@pytest.mark.parametrize("state", ["activating", "inactive", "deactivating", "unknown"])
def test_at_the_deadline_the_first_step_that_is_not_done_is_told(
    boot: Boot, unit: str, step: str, state: str
) -> None:
    after = list(COMMANDS)[list(COMMANDS).index(unit) :]
    boot.units.update({name: State(state) for name in after})
    failed = boot.watch()
    assert failed is not None
    assert failed.step == step
    assert unit in failed.reason
    assert boot.seconds == DEADLINE


def test_at_the_deadline_a_pod_that_does_not_answer_is_told_with_the_reason(boot: Boot) -> None:
    boot.trouble = Transient("/ answers 502")
    failed = boot.watch()
    assert failed is not None
    assert failed.step == "answer"
    assert "/ answers 502" in failed.reason
    assert boot.seconds == DEADLINE


@pytest.mark.parametrize(
    "unit, command, step",
    [
        ("diaspora-prepare.service", "prepare", "secrets"),
        ("diaspora-prepare.service", "prepare", "render"),
        ("diaspora-mount@users.service", "prefix-users", "mount-users"),
        ("diaspora-migrate.service", "migrate", "database"),
        ("diaspora-migrate.service", "migrate", "migrate"),
        ("diaspora-warm.service", "warm", "warm"),
    ],
)
def test_at_the_deadline_a_program_tells_its_step_and_what_it_waits_for(
    boot: Boot, unit: str, command: str, step: str
) -> None:
    boot.units[unit] = State("activating")
    boot.notes[command] = Note(step, "no network")
    failed = boot.watch()
    assert failed is not None
    assert failed.step == step
    assert "no network" in failed.reason


def test_the_deadline_counts_from_the_start_and_not_from_a_watcher_started_again(
    boot: Boot,
) -> None:
    boot.units["diaspora-web.service"] = State("activating")
    boot.now = 1000.0 + 900
    assert boot.watch() is not None
    assert boot.seconds == DEADLINE


def test_what_fails_is_told_when_it_has_stood_for_a_minute_and_a_half(boot: Boot) -> None:
    boot.units["diaspora-migrate.service"] = State("activating", 1, "exit-code")
    boot.later[5] = lambda: boot.failed.update(migrate=Note("schema-newer", "unknown 2099"))
    assert boot.watch() == Note("schema-newer", "unknown 2099")
    assert boot.seconds == 5 + STANDS


def test_what_works_at_a_later_try_has_not_failed(boot: Boot) -> None:
    boot.units["diaspora-prepare.service"] = State("activating", 1, "exit-code")
    boot.failed["prepare"] = Note("secrets", "access denied")

    def succeed() -> None:
        boot.failed.clear()
        boot.units["diaspora-prepare.service"] = State("active", 2, "success")

    boot.later[80] = succeed
    assert boot.watch() is None


def test_two_short_failures_are_not_one_long_one(boot: Boot) -> None:
    boot.units["diaspora-prepare.service"] = State("activating", 1, "exit-code")
    boot.failed["prepare"] = Note("secrets", "access denied")
    boot.later[80] = boot.failed.clear
    boot.later[81] = lambda: boot.failed.update(prepare=Note("render", "no room"))
    assert boot.watch() == Note("render", "no room")
    assert boot.seconds == 81 + STANDS


def test_what_fails_when_time_is_up_is_told_as_what_it_is(boot: Boot) -> None:
    boot.units["diaspora-prepare.service"] = State("activating", 1, "exit-code")
    boot.later[DEADLINE - 10] = lambda: boot.failed.update(prepare=Note("render", "no room"))
    assert boot.watch() == Note("render", "no room")
    assert boot.seconds == DEADLINE


@pytest.mark.parametrize("unit, step", COMMANDS.items())
def test_a_unit_that_failed_and_stays_so_is_told(boot: Boot, unit: str, step: str) -> None:
    boot.units[unit] = State("failed", 0, "exit-code")
    failed = boot.watch()
    assert failed is not None
    assert failed.step == step
    assert "exit-code" in failed.reason
    assert boot.seconds == STANDS


@pytest.mark.parametrize("unit, step", COMMANDS.items())
def test_a_unit_that_comes_back_again_and_again_is_told(boot: Boot, unit: str, step: str) -> None:
    boot.units[unit] = State("activating", MAX_RESTARTS - 1, "exit-code")
    boot.later[7] = lambda: boot.units.update({unit: State("activating", 3, "exit-code")})
    failed = boot.watch()
    assert failed is not None
    assert (failed.step, boot.seconds) == (step, 7 + STANDS)
    assert "3 times" in failed.reason


def test_a_unit_that_came_back_and_stays_has_not_failed(boot: Boot) -> None:
    boot.units["diaspora-web.service"] = State("active", 5, "success")
    assert boot.watch() is None


def test_a_unit_that_came_back_and_stays_is_not_blamed_for_a_later_one(boot: Boot) -> None:
    boot.units["diaspora-web.service"] = State("active", 5, "success")
    boot.units["diaspora-warm.service"] = State("activating")
    boot.later[30] = lambda: boot.units.update({"diaspora-warm.service": State("active")})
    assert boot.watch() is None


def test_a_unit_that_waits_behind_the_one_that_failed_is_not_blamed(boot: Boot) -> None:
    boot.units["diaspora-web.service"] = State("inactive")
    boot.units["redis-server.service"] = State("failed", 5, "exit-code")
    failed = boot.watch()
    assert failed is not None
    assert failed.step == "redis"


def test_a_failure_that_was_overcome_is_none(boot: Boot) -> None:
    # The program takes its note back, but may be slower than the last unit.
    boot.failed["prepare"] = Note("secrets", "access denied")
    assert boot.watch() is None


def test_a_systemd_that_says_nothing_is_looked_at_until_the_deadline(boot: Boot) -> None:
    boot.units = {}
    failed = boot.watch()
    assert failed is not None
    assert (failed.step, boot.seconds) == ("firewall", DEADLINE)


def test_the_log_says_when_each_step_was_done(
    boot: Boot, capsys: pytest.CaptureFixture[str]
) -> None:
    boot.units["diaspora-web.service"] = State("activating")
    boot.later[41] = lambda: boot.units.update({"diaspora-web.service": State("active")})
    boot.watch()
    said = capsys.readouterr().err.splitlines()
    assert "diaspora-prepare.service is ready after 0 s" in said
    assert "diaspora-web.service is ready after 41 s" in said
    assert len(said) == len(STEPS)
