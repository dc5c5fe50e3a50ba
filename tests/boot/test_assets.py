"""Public assets: which travel, in which direction, and how many."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any

import pytest
from diaspora_pod import cli
from diaspora_pod.boot import assets
from diaspora_pod.boot.assets import exchange
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine
from diaspora_pod.progress import read_failure

from . import samples
from .fakes import stubbed

BUCKET = samples.settings().bucket
OWN, OLDER, NEWER = (f"main-{digit * 64}.css" for digit in "012")
# What the build knew: names and contents.
KNOWN = {OWN: b"own", OLDER: b"old", NEWER: b"new"}


def entry(name: str, size: int = 3, day: int = 1) -> dict[str, Any]:
    modified = datetime(2026, 11, day, tzinfo=timezone.utc)
    return {"Key": f"assets/{name}", "Size": size, "LastModified": modified}


@pytest.fixture
def own(machine: Machine) -> Machine:
    machine.own_assets.mkdir(parents=True)
    (machine.own_assets / OWN).write_text("own")
    (machine.own_assets / ".sprockets-manifest-0123.json").write_text("{}")
    machine.known_assets.parent.mkdir(parents=True, exist_ok=True)
    machine.known_assets.write_text(
        "".join(f"{sha256(content).hexdigest()}  {name}\n" for name, content in KNOWN.items())
    )
    return machine


def test_other_images_assets_come_and_this_one_s_go_but_for_the_list(own: Machine) -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_response("list_objects_v2", {"Contents": [entry(OLDER)]})
        stub.add_response(
            "get_object",
            {"Body": io.BytesIO(b"old")},
            {"Bucket": BUCKET, "Key": f"assets/{OLDER}"},
        )
        stub.add_response(
            "put_object", {}, {"Bucket": BUCKET, "Key": f"assets/{OWN}", "Body": b"own"}
        )
        exchange(own, samples.settings(), s3)
    assert (own.older_assets / OLDER).read_text() == "old"


def test_what_is_on_both_sides_does_not_travel_again(own: Machine) -> None:
    own.older_assets.mkdir(parents=True)
    (own.older_assets / OLDER).write_text("old")
    with stubbed("s3") as (s3, stub):
        stub.add_response("list_objects_v2", {"Contents": [entry(OWN), entry(OLDER)]})
        exchange(own, samples.settings(), s3)


@pytest.mark.parametrize("name", [f"evil-{'3' * 64}.js", "../../../etc/x.conf", "main.css"])
def test_what_the_build_did_not_know_is_not_fetched(own: Machine, name: str) -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_response("list_objects_v2", {"Contents": [entry(OWN), entry(name)]})
        exchange(own, samples.settings(), s3)
    assert not own.older_assets.exists()


def test_another_content_under_a_known_name_is_not_kept(
    own: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    with stubbed("s3") as (s3, stub):
        stub.add_response("list_objects_v2", {"Contents": [entry(OWN), entry(OLDER)]})
        stub.add_response("get_object", {"Body": io.BytesIO(b"alert(1)")})
        exchange(own, samples.settings(), s3)
    assert not own.older_assets.exists()
    assert f"{OLDER} is something else" in capsys.readouterr().err


def test_the_newest_come_first_and_the_disk_does_not_fill(
    own: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MOST_BYTES", 5)
    with stubbed("s3") as (s3, stub):
        found = [entry(OWN), entry(OLDER, day=1), entry(NEWER, day=2)]
        stub.add_response("list_objects_v2", {"Contents": found})
        stub.add_response(
            "get_object",
            {"Body": io.BytesIO(b"new")},
            {"Bucket": BUCKET, "Key": f"assets/{NEWER}"},
        )
        exchange(own, samples.settings(), s3)
    assert [path.name for path in own.older_assets.iterdir()] == [NEWER]


def test_trouble_with_assets_fails_no_first_boot(
    own: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise Permanent("the bucket says no")

    monkeypatch.setattr(assets, "exchange", refuse)
    assert cli.main(["assets"], own) == 1
    assert read_failure(own, "assets") is None
    assert "the bucket says no" in capsys.readouterr().err
