"""What the pod mails its admin: each cause, how it is seen, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import sights
from .sights import Look


@dataclass(frozen=True)
class Worry:
    """A cause for a mail, which comes every ``days`` at most.

    ``title`` stands in the subject, behind the pod's domain. ``see`` says what is seen, or nothing
    where all is well.
    """

    cause: str
    title: str
    see: Callable[[Look], str]
    means: str
    remedy: str
    days: int = 1


WORRIES = (
    Worry(
        "disk",
        "a disk is nearly full",
        sights.full_disks,
        "Once it is full, the queue can no longer be written, and the pod refuses what people and "
        "other pods send. Photos take no room of it: they are in the bucket.",
        "See what takes it: sudo du -xh --max-depth=3 / | sort -h | tail -20. Or update the stack "
        "with a larger PodDiskSize, and a new machine takes over.",
    ),
    Worry(
        "units",
        "something does not run",
        sights.idle_units,
        "It failed, or has not come up for ten minutes. What belongs to the pod is tried again for "
        "as long as it takes; anything else is not.",
        "Ask the pod what is wrong with it: sudo diaspora-pod doctor; and the unit: sudo "
        "journalctl --unit=NAME. A restart of the machine (sudo systemctl reboot) loses no job.",
    ),
    Worry(
        "jobs",
        "jobs wait for too long",
        sights.late_jobs,
        "Mails, posts to and from other pods, and small versions of photos come late. None of them "
        "is lost.",
        "See what does them, and what it says: sudo journalctl --unit=diaspora-sidekiq. If it has "
        "too much to do all day, update the stack with a larger PodInstanceType.",
    ),
    Worry(
        "reboot",
        "the machine wants a restart",
        sights.wanted_restart,
        "An update replaced the kernel or a library on the disk, and the old one still runs. Where "
        "AutomaticReboot is yes, somebody was logged in when it was time, or moved the pod.",
        "Restart it when few people are there: sudo systemctl reboot, or EC2 console > the "
        "instance > Reboot. Nobody reaches the pod for some seconds, and nothing is lost.",
        days=7,
    ),
    Worry(
        "image",
        "the image is old",
        sights.old_image,
        "diaspora* itself and its gems change by a new image only, and a machine that is replaced "
        "starts without the updates of the system that came since.",
        "Build a new image, and update the stack with its id as PodAMI.",
        days=7,
    ),
    Worry(
        "schema",
        "the database is newer",
        sights.newer_database,
        "An update failed behind its migration, and the stack went back to the image before; or an "
        "older PodAMI was given. Most of diaspora* works so, and what fails is tried again.",
        "Update the stack with the PodAMI that made the migrations, or a newer one.",
    ),
    Worry(
        "updates",
        "updates do not get in",
        sights.missing_updates,
        "The system runs without fixes that others have.",
        "Have them installed, and read what it says: sudo apt-get update && sudo "
        "unattended-upgrade --verbose. A new image has all of them.",
        days=7,
    ),
    Worry(
        "authorities",
        "a certificate authority ends",
        sights.ending_authorities,
        "From that day on the pod no longer believes the database, AWS or the other pods that it "
        "signs for.",
        "Take the newest release of this project, build an image, and update the stack with its id "
        "as PodAMI. If its name has no RDS in it, sudo apt-get install ca-certificates may do.",
        days=7,
    ),
)
