"""A pod whose database may sleep: when nobody is connected to it, and what asks it then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .patience import until
from .pod import Pod

# The answer with which it may.
PATIENT = {"FederationPatience": "240"}
# What a person's browser says that it reads.
HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
JSON = {"Accept": "application/json, text/javascript, */*; q=0.01"}
# What a tab that was left open asks for.
POLL = "/notifications?per_page=10&page=1"
SCRIPT = {"X-Requested-With": "XMLHttpRequest", **JSON}
# Longer than a look that the web server takes every second, and the question that follows.
_LOOK = 3
# Strangers look around for a second only, so that a story need not wait for their next visit.
_SHORT_VISITS = "Strangers.send(:remove_const, :VISIT)\nStrangers::VISIT = 1\n"


def fall_quiet(pod: Pod) -> None:
    """Wait until nobody is connected, and nobody will be of himself."""
    seen: list[tuple[int, int]] = []

    def quiet() -> bool:
        seen.append((connected(pod), pod.aws.database.connections))
        return seen[-1][0] == 0 and seen[-2:] == [seen[-1]] * 2

    until(quiet, every=_LOOK)


@contextmanager
def undisturbed(pod: Pod) -> Iterator[None]:
    """A block in which nobody is connected, nor comes."""
    fall_quiet(pod)
    before = pod.aws.database.connections
    yield
    assert pod.aws.database.connections == before


def connected(pod: Pod) -> int:
    """How many connections there are by the database's own count."""
    user = pod.aws.ssm.get("/diaspora/database/username")
    count = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{user}'"
    return int(pod.aws.database.psql(count))


def shorten_visits(pod: Pod) -> None:
    """Start the web server anew, with strangers who do not stay."""
    initializers = "/opt/diaspora/config/initializers"
    pod.machine.write(f"{initializers}/zz_short_visits.rb", _SHORT_VISITS)
    pod.machine.systemctl("restart diaspora-web")
    # Who asks before the warming is done is a stranger who wakes the database.
    pod.machine.wait_for_unit("diaspora-warm")
