"""diaspora* runs on what the image kept: without its build tools, its code out of its own reach."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from ..figures import Figures
from ..memory import memory, peak
from ..patience import until
from ..pod import Pod
from .person import Person

BUILD_TOOLS = ("cc", "gcc", "g++", "make", "git", "node", "npm", "yarn")
BUILD_PACKAGES = re.compile(r"-dev$|^(gcc|g\+\+|cpp)(-\d+)?$|^(nodejs|npm|git|make)$")
APP = "/opt/diaspora"
UPLOADS = tuple(f"public/uploads/{folder}" for folder in ("tmp", "images", "users"))
WRITABLE = tuple(f"{APP}/{folder}" for folder in ("log", "tmp", *UPLOADS))
APPLICATION = ("diaspora-web", "diaspora-sidekiq")
MEGABYTE = 1_000_000


def test_it_runs_without_compilers_headers_node_and_git(pod: Pod) -> None:
    for tool in BUILD_TOOLS:
        pod.machine.fail(f"command -v {tool}")
    packages = pod.machine.succeed("dpkg-query --show --showformat='${Package}\\n'").split()
    assert len(packages) > 100
    assert [name for name in packages if BUILD_PACKAGES.search(name)] == []
    assert pod.front.get("/").status == 200


@pytest.mark.parametrize("unit", APPLICATION)
def test_it_can_write_logs_temporary_files_and_uploads_only(pod: Pod, unit: str) -> None:
    """Seen as the user it runs as, in the mounts it runs in."""
    found = _inside(pod, unit, f"find {APP} -xdev -writable ! -type l -print").split()
    assert set(WRITABLE) <= set(found)
    assert [path for path in found if not path.startswith(WRITABLE)] == []


@pytest.mark.parametrize("unit", APPLICATION)
def test_it_is_locked_in_while_it_works(pod: Pod, unit: str) -> None:
    state = pod.machine.unit(unit)
    assert (state["ActiveState"], state["User"]) == ("active", "diaspora")
    # What is empty, systemd does not tell.
    assert (state["ProtectSystem"], state.get("CapabilityBoundingSet", "")) == ("strict", "")
    assert state["NRestarts"] == "0"


def test_its_jobs_wait_in_a_redis_that_has_no_port(pod: Pod) -> None:
    pod.machine.fail("ss --no-header --listening --tcp --numeric | grep --fixed-strings :6379")
    connected = pod.machine.succeed("ss --no-header --family=unix state connected")
    assert connected.count("/run/redis/redis-server.sock") >= len(APPLICATION)


def test_memory_when_a_photo_is_made(pod: Pod, admin: Person, figures: Figures) -> None:
    """Prints figures; asserts only what a machine of 1 GB has to bear."""
    rest = memory(pod.machine)
    done = _photos_done(pod)
    with peak(pod.machine) as most:
        assert admin.upload(photo(3000, 2000)).status == 200
        until(lambda: _photos_done(pod) > done)
    for unit, before in (
        ("diaspora-web.service", "247 MB"),
        ("diaspora-sidekiq.service", "204 MB"),
        ("redis-server.service", "9 MB"),
        ("nginx.service", "8 MB for one worker"),
        ("diaspora-photos.service", ""),
    ):
        why = "shared memory is counted once here, and was in each" if before else ""
        figures.add("memory", f"`{unit}`, at rest", _megabytes(rest[unit]), before, why)
    mounts = sum(used for unit, used in rest.items() if unit.startswith("diaspora-mount@"))
    figures.add("memory", "both mounts, at rest", _megabytes(mounts), "8 to 13 MB each")
    figures.add("memory", "the whole machine, at rest", _megabytes(sum(rest.values())))
    why = "then puma and sidekiq alone; now everything, systemd too"
    figures.add(
        "memory", "the whole machine while a photo is made", _megabytes(most.total), "474 MB", why
    )
    assert most.total < 900 * MEGABYTE


def photo(width: int, height: int) -> bytes:
    """A JPEG as a camera makes it: its size, its noise."""
    content = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(content, "JPEG", quality=80)
    return content.getvalue()


def _photos_done(pod: Pod) -> int:
    return int(pod.aws.database.psql("SELECT count(*) FROM photos WHERE processed_image <> ''"))


def _inside(pod: Pod, unit: str, command: str) -> str:
    """What a command prints as the application's user, in the mounts of its unit."""
    process = pod.machine.unit(unit)["MainPID"]
    user, group = (pod.machine.succeed(f"id --{of} diaspora").strip() for of in ("user", "group"))
    enter = f"nsenter --target {process} --mount --setuid {user} --setgid {group}"
    return pod.machine.run(f"{enter} {command}")[1]


def _megabytes(used: int) -> str:
    return f"{used / MEGABYTE:.0f} MB"
