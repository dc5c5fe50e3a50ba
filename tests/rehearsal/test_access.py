"""Who can read what, seen from inside each unit by the process that strangers talk to."""

from __future__ import annotations

import pytest

from .pod import Pod

APP = "/opt/diaspora"
SECRETS = [
    f"{APP}/config/{name}"
    for name in (
        "database.yml",
        "diaspora.toml",
        "oidc_key.pem",
        "initializers/secret_token.rb",
        "schedule.yml",
    )
]
UNITS = {
    "web": "diaspora-web.service",
    "sidekiq": "diaspora-sidekiq.service",
    "nginx": "nginx.service",
    "photos": "diaspora-photos.service",
}
APPLICATION = {"web", "sidekiq"}
# What is asked for → how it is asked, and who gets it.
READERS: dict[str, tuple[str, set[str]]] = {
    **{path: (f"test -r {path}", APPLICATION) for path in SECRETS},
    "the application's log": (f"test -r {APP}/log", APPLICATION),
    "photos": (
        f"test -r {APP}/public/uploads/images -a -x {APP}/public/uploads/images",
        {*APPLICATION, "nginx", "photos"},
    ),
    "the application": (
        "test -w /run/diaspora-web/web.sock",
        {*APPLICATION, "nginx", "photos"},
    ),
    "the queue": ("test -w /run/redis/redis-server.sock", APPLICATION),
    # It says no more than the queue itself.
    "the queue's file": ("test -r /var/lib/redis", APPLICATION),
    "the photos that are kept": (
        "test -r /var/cache/diaspora-photos",
        {"nginx", "photos"},
    ),
    "addresses of exports": ("test -w /run/diaspora-exports.sock", {"nginx", "photos"}),
    "what s3fs uploads": ("test -r /var/cache/diaspora-s3fs", set()),
    "root's files": ("test -r /root", set()),
}


@pytest.mark.parametrize("thing", READERS)
def test_this_is_read_by_whoever_needs_it_and_by_nobody_else(pod: Pod, thing: str) -> None:
    question, readers = READERS[thing]
    assert {name for name, unit in UNITS.items() if _can(pod, unit, question)} == readers


def test_nginx_is_in_no_group_of_the_pod(pod: Pod) -> None:
    assert pod.machine.succeed("id --groups --name www-data").split() == ["www-data"]


def _can(pod: Pod, unit: str, question: str) -> bool:
    """Ask as the unit's process would: with its users and groups, and what it sees of the disk."""
    process = _worker(pod, int(pod.machine.unit(unit)["MainPID"]))
    status = pod.machine.succeed(f"cat /proc/{process}/status")
    rows = dict(line.split(":", 1) for line in status.splitlines())
    groups = ",".join(rows["Groups"].split())
    who = f"--reuid={rows['Uid'].split()[1]} --regid={rows['Gid'].split()[1]}"
    who += f" --groups={groups}" if groups else " --clear-groups"
    assert " --reuid=0" not in f" {who}", f"{unit} runs as root"
    enter = f"nsenter --target={process} --mount -- setpriv {who} --"
    return pod.machine.run(f"{enter} {question}")[0] == 0


def _worker(pod: Pod, main: int) -> int:
    """The process itself, or of nginx, whose master is root, one of its workers."""
    children = pod.machine.succeed(f"cat /proc/{main}/task/{main}/children").split()
    owner = pod.machine.succeed(f"stat --format=%u /proc/{main}").strip()
    return int(children[0]) if owner == "0" else main
