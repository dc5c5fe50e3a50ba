"""Who uses a pod, and how much: the same rates for each profile, all of them assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Profile:
    """A pod's use: what happens a day unless the comment says otherwise, and why so often."""

    name: str
    text: str
    people: float
    # Of each person, between 7 and 23 h: before work, at noon, in the evening.
    sessions: float
    # How long one is, on average: some eight pages of a stream.
    session_minutes: float
    # For how many hours the last page stays open afterwards; it asks every five minutes.
    tab_hours: float
    # An hour, by day and night: each post, comment and like of everybody who is followed is one;
    # a hundred people who are followed make some twenty.
    public_per_hour: float
    # To one person each: messages, and each pod's thanks (a Participation) for a post of ours.
    private: float
    # What our people send to many pods: posts, and comments and likes that are passed on.
    sent: float
    # The share of it for which one of those pods does not answer: most lists hold a dead one.
    dead: float
    # The share of public messages whose job fails: what they refer to has not come, or never does.
    receive_fails: float
    # Webfinger and hcard of ours: a pod that meets one of our people asks once.
    lookups: float
    # A post of ours that a person on another pod opens by its link.
    fetches: float
    # Pages without a login that ask the database: profiles, posts, tags, atom feeds, sign-up.
    strangers: float
    # Those that need not ask it: the landing page and the sign-in. As many again.
    landings: float
    # Other pods that ours has met; the check of pods asks each.
    pods_known: float
    # A month; one in three sessions shares a photo.
    photos_per_month: float
    # All photos so far.
    stored_gb: float
    # A month, to visitors; the first 100 GB cost nothing.
    sent_gb: float
    # A month: who is told by mail of a comment or a message.
    mails_per_month: float


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            name="alone",
            text="one person, no other pods",
            people=1,
            sessions=2,
            session_minutes=5,
            tab_hours=1.5,
            public_per_hour=0,
            private=0,
            sent=0,
            dead=0,
            receive_fails=0,
            lookups=0,
            fetches=0,
            # Scanners read of every new name in the certificates' public logs.
            strangers=2,
            landings=6,
            pods_known=0,
            photos_per_month=20,
            stored_gb=0.5,
            sent_gb=0.2,
            mails_per_month=10,
        ),
        Profile(
            name="quiet",
            text="three people who come daily, one crawler",
            people=3,
            sessions=3,
            session_minutes=5,
            tab_hours=1.5,
            public_per_hour=20,
            private=30,
            sent=9,
            dead=0.5,
            receive_fails=0.02,
            lookups=12,
            fetches=4,
            strangers=24,
            landings=24,
            pods_known=300,
            photos_per_month=100,
            stored_gb=2,
            sent_gb=1,
            mails_per_month=150,
        ),
        Profile(
            name="ten",
            text="10 people",
            people=10,
            sessions=3,
            session_minutes=6,
            tab_hours=1.5,
            public_per_hour=60,
            private=110,
            sent=35,
            dead=0.6,
            receive_fails=0.02,
            lookups=40,
            fetches=12,
            strangers=180,
            landings=180,
            pods_known=800,
            photos_per_month=400,
            stored_gb=8,
            sent_gb=5,
            mails_per_month=600,
        ),
        Profile(
            name="hundred",
            text="100 people",
            people=100,
            sessions=3,
            session_minutes=6,
            tab_hours=1.5,
            public_per_hour=300,
            private=1000,
            sent=350,
            dead=0.6,
            receive_fails=0.02,
            lookups=300,
            fetches=80,
            strangers=720,
            landings=720,
            pods_known=2000,
            photos_per_month=4000,
            stored_gb=60,
            sent_gb=60,
            mails_per_month=6000,
        ),
        Profile(
            name="busy",
            text="30 people, known all over",
            people=30,
            sessions=4,
            session_minutes=8,
            tab_hours=1.5,
            public_per_hour=1500,
            private=1200,
            sent=200,
            dead=0.8,
            receive_fails=0.02,
            lookups=600,
            fetches=150,
            strangers=3600,
            landings=3600,
            pods_known=4000,
            photos_per_month=1500,
            stored_gb=25,
            sent_gb=40,
            mails_per_month=2500,
        ),
    )
}
# What a person may change, in the order in which it is asked for.
RATES = tuple(field.name for field in fields(Profile) if field.name not in ("name", "text"))
_SHARES = ("dead", "receive_fails")


def with_rates(profile: Profile, rates: Mapping[str, float], text: str) -> Profile:
    """The profile with some rates changed, and words for what it is then."""
    changes: dict[str, Any] = {**rates, "text": text}
    return replace(profile, **changes)


def nobody(profile: Profile) -> Profile:
    """The profile's photos and pods without anybody who comes or asks."""
    rates = dict.fromkeys(set(RATES) - {"pods_known", "stored_gb"}, 0.0)
    return with_rates(profile, rates, "nobody")


def chosen(text: str) -> Profile:
    """The profile that ``NAME`` or ``NAME,RATE=NUMBER,...`` means; raises ValueError."""
    name, *changes = text.split(",")
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}; there is {', '.join(PROFILES)}")
    profile = PROFILES[name]
    if not changes:
        return profile
    rates = dict(map(_change, changes))
    return with_rates(profile, rates, f"{profile.text}, but {', '.join(changes)}")


def _change(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if name not in RATES:
        raise ValueError(f"no rate {name!r} in a profile; there is {', '.join(RATES)}")
    try:
        number = float(value)
    except ValueError:
        number = -1
    most = 1 if name in _SHARES else float("inf")
    if not (isfinite(number) and 0 <= number <= most):
        kind = "a share from 0 to 1" if name in _SHARES else "a number from 0 on"
        raise ValueError(f"{name} is {kind}, not {value!r}")
    return name, number
