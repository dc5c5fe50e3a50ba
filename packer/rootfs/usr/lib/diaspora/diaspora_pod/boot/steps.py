"""The steps of a boot in their order, and the units that they are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A unit of the boot. ``name`` is the step that it begins with.

    ``command`` is the command of this program that it runs, whose progress tells the step more
    exactly; nothing where it runs none.
    """

    name: str
    unit: str
    command: str = ""


FIREWALL = Step("firewall", "metadata-firewall.service")
PREPARE = Step("settings", "diaspora-prepare.service", "prepare")
MOUNT_IMAGES = Step("mount-images", "diaspora-mount@images.service", "prefix-images")
MOUNT_USERS = Step("mount-users", "diaspora-mount@users.service", "prefix-users")
MIGRATE = Step("database", "diaspora-migrate.service", "migrate")
REDIS = Step("redis", "redis-server.service")
WEB = Step("web", "diaspora-web.service")
WARM = Step("warm", "diaspora-warm.service", "warm")
SIDEKIQ = Step("sidekiq", "diaspora-sidekiq.service")
PHOTOS = Step("photos", "diaspora-photos.service")
NGINX = Step("nginx", "nginx.service")
# No unit: the pod answers as the front will ask it.
ANSWER = "answer"


def steps(runs_jobs: bool) -> tuple[Step, ...]:
    """The units that a boot is made of, in their order."""
    jobs = (SIDEKIQ,) if runs_jobs else ()
    first = (FIREWALL, PREPARE, MOUNT_IMAGES, MOUNT_USERS, MIGRATE, REDIS)
    return (*first, WEB, WARM, *jobs, PHOTOS, NGINX)
