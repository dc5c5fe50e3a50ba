"""Profiles, and rates of one's own."""

from __future__ import annotations

from dataclasses import fields

import pytest

from diaspora_cf.cost.profiles import PROFILES, RATES, Profile, chosen, nobody


def test_a_person_can_put_in_rates_of_their_own() -> None:
    mine = chosen("quiet,sessions=6,fetches=12")
    assert (mine.sessions, mine.fetches, mine.people) == (6, 12, PROFILES["quiet"].people)
    assert mine.text.endswith("but sessions=6, fetches=12")


def test_every_rate_can_be_changed() -> None:
    for rate in RATES:
        assert getattr(chosen(f"alone,{rate}=0.5"), rate) == 0.5
    assert set(RATES) | {"name", "text"} == {field.name for field in fields(Profile)}


def test_without_changes_a_profile_is_as_it_is() -> None:
    assert chosen("ten") is PROFILES["ten"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("loud", "no profile 'loud'; there is alone, quiet"),
        ("quiet,visits=3", "no rate 'visits' in a profile; there is people, sessions"),
        ("quiet,", "no rate ''"),
        ("quiet,name=x", "no rate 'name'"),
        ("quiet,sessions", "sessions is a number from 0 on, not ''"),
        ("quiet,sessions=many", "sessions is a number from 0 on, not 'many'"),
        ("quiet,sessions=-1", "from 0"),
        ("quiet,sessions=nan", "from 0"),
        ("quiet,sessions=inf", "from 0"),
        ("quiet,dead=2", "dead is a share from 0 to 1, not '2'"),
    ],
)
def test_a_wrong_name_or_number_is_one_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"\A[^\n]+\Z") as refused:
        chosen(text)
    assert told in str(refused.value)


def test_with_nobody_the_photos_stay() -> None:
    left = nobody(PROFILES["quiet"])
    assert left.stored_gb == PROFILES["quiet"].stored_gb
    assert (left.people, left.strangers, left.mails_per_month) == (0, 0, 0)
