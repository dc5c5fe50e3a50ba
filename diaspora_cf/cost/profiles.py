"""Who uses a pod, and how much: the same fields for each, all of them assumptions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """A pod's use. ``present_minutes`` is the time a day in which at least one person is there,
    in ``stretches`` of equal length; ``stranger_requests`` are those that no account makes:
    crawlers, visitors, other pods' look-ups.
    """

    name: str
    text: str
    people: int
    present_minutes: int
    stretches: int
    inbound_per_hour: float
    stranger_requests_per_hour: float
    photos_per_month: int
    stored_gb: float
    sent_gb: float
    mails_per_month: int


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("alone", "one person, no other pods", 1, 20, 1, 0, 0, 20, 0.5, 0.2, 10),
        Profile("quiet", "three people, one crawler", 3, 45, 2, 20, 2, 100, 2, 1, 150),
        Profile("ten", "10 people", 10, 180, 5, 60, 15, 400, 8, 5, 600),
        Profile("hundred", "100 people", 100, 840, 2, 300, 60, 4000, 60, 60, 6000),
        Profile("busy", "30 people, known all over", 30, 480, 4, 1500, 300, 1500, 25, 40, 2500),
    )
}
