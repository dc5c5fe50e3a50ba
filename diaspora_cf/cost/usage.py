"""What a profile's people do to the things that are paid by use; units are a month's."""

from __future__ import annotations

from dataclasses import dataclass

from .arrivals import a_day
from .profiles import Profile

HOURS = 730
DAYS = HOURS / 24

# Assumptions, where nothing was measured.
# A page is its HTML, its data, and pictures; scripts and styles are the browser's own by then.
REQUESTS_PER_PAGE = 13
LOG_BYTES_PER_REQUEST = 450
POD_LOG_GB = 0.1
DATABASE_GB = 1.0
DATABASE_REQUESTS_PER_AWAKE_HOUR = 2_000
IMAGE_GB = 4.0
# Of alarms, and of the pod itself, which tells each of its causes once a day at most.
NOTIFICATIONS = 10

# Seen for one photo on our image, 2026-11-25 (docs/rehearsal-diaspora.md): 20 PUT, 39 HEAD, 7 GET
# or LIST; the LISTs are priced as PUTs, and all 7 are taken for LISTs. The old versions are of
# 2026-11-23, before photos were written over in place: 7 MB for one of 3000 by 2000.
PHOTO_WRITES = 20 + 7
PHOTO_READS = 39
PHOTO_OLD_VERSIONS_GB = 0.007
# Of a page's pictures nginx asks whether they are still there when it has not for a minute: three
# requests of s3fs (HEAD, seen 2026-11-28). Each file is read (GET) once, for all who look at it.
READS_PER_REQUEST = 3
FILES_PER_PHOTO = 5


@dataclass(frozen=True)
class Usage:
    """A month of a profile."""

    requests: float
    bucket_gb: float
    bucket_writes: float
    bucket_reads: float
    sent_gb: float
    mails: float
    log_gb: float


def usage(profile: Profile, old_versions_days: float) -> Usage:
    """A profile's month; old versions of photos stay for ``old_versions_days``."""
    pages = a_day(profile)["page"] * REQUESTS_PER_PAGE
    requests = DAYS * (pages + _other_requests(profile))
    photos = profile.photos_per_month
    versions_gb = photos * PHOTO_OLD_VERSIONS_GB * old_versions_days / DAYS
    return Usage(
        requests=requests,
        bucket_gb=profile.stored_gb + versions_gb,
        bucket_writes=photos * PHOTO_WRITES,
        bucket_reads=photos * (PHOTO_READS + FILES_PER_PHOTO) + DAYS * pages * READS_PER_REQUEST,
        sent_gb=profile.sent_gb,
        mails=profile.mails_per_month,
        log_gb=requests * LOG_BYTES_PER_REQUEST / 1e9 + POD_LOG_GB,
    )


def _other_requests(profile: Profile) -> float:
    """A day's requests that are no pages of ours: from other pods, strangers, tabs left open."""
    arrivals = a_day(profile)
    # A pod asks webfinger first, then hcard.
    asked = 2 * arrivals["lookup"] + arrivals["fetch"]
    received = arrivals["public"] + arrivals["private"]
    return asked + received + arrivals["tab"] + arrivals["stranger"] + profile.landings
