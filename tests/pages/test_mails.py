"""The page about mails has each one that the pod sends its admin, in the pod's own words."""

from __future__ import annotations

import re

from diaspora_pod.operator import findings, sights
from diaspora_pod.operator.sights import DAY, MINUTE
from diaspora_pod.operator.worries import WORRIES

from diaspora_cf.generator import ROOT

PAGE = (ROOT / "docs/mails.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \| (\d+) days? \|$", PAGE, re.MULTILINE)
# When each comes, by the numbers that the pod goes by.
NUMBERS = {
    "disk": [findings.FULL],
    "image": [sights.OLD_IMAGE // DAY],
    "updates": [sights.UPDATED // DAY, sights.PUBLISHED // DAY],
    "authorities": [sights.ENDING // DAY],
}


def test_the_page_has_every_mail_under_its_subject() -> None:
    told = [(cause, title, int(days)) for cause, title, _, days in ROWS]
    assert told == [(worry.cause, worry.title, worry.days) for worry in WORRIES]


def test_the_page_has_the_numbers_that_the_pod_goes_by() -> None:
    for cause, _, when, _ in ROWS:
        assert list(map(int, re.findall(r"\d+", when))) == NUMBERS.get(cause, []), cause
    # In words.
    assert (findings.LATE, "for half an hour" in PAGE) == (30 * MINUTE, True)
    waited = sights.PAUSE * (sights.LOOKS - 1)
    assert (waited // MINUTE, "for ten minutes" in PAGE) == (10, True)
