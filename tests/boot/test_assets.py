"""Public assets: which travel, in which direction, and how many."""

from __future__ import annotations

import io
from datetime import datetime, timezone
from typing import Any

import pytest
from diaspora_pod import assets, cli
from diaspora_pod.assets import exchange, is_fingerprinted
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine
from diaspora_pod.progress import read_failure

from . import samples
from .fakes import stubbed

BUCKET = samples.settings().bucket
PRINT = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
OWN, OLDER = f"main-{PRINT}.css", f"main-{OTHER}.css"


@pytest.mark.parametrize("name", [OWN, f"{OWN}.gz", f"fonts/a.b/entypo@2x-{PRINT}.woff2"])
def test_a_name_that_holds_its_content_s_fingerprint_travels(name: str) -> None:
    assert is_fingerprinted(name)


@pytest.mark.parametrize(
    "name",
    [
        f".sprockets-manifest-{PRINT}.json",
        "main.css",
        "main-0123.css",
        f"../../etc/cron.d/x-{PRINT}.css",
        f"a/../x-{PRINT}.css",
        f"a/./x-{PRINT}.css",
        f"/x-{PRINT}.css",
        f"a//x-{PRINT}.css",
        f"x-{PRINT}.css\n",
        f"x-{PRINT}.css/..",
    ],
)
def test_no_other_name_travels(name: str) -> None:
    assert not is_fingerprinted(name)


def entry(name: str, size: int = 3, day: int = 1) -> dict[str, Any]:
    modified = datetime(2026, 11, day, tzinfo=timezone.utc)
    return {"Key": f"assets/{name}", "Size": size, "LastModified": modified}


@pytest.fixture
def own(machine: Machine) -> Machine:
    machine.own_assets.mkdir(parents=True)
    (machine.own_assets / OWN).write_text("own")
    (machine.own_assets / f".sprockets-manifest-{PRINT}.json").write_text("{}")
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


def test_a_stranger_s_object_is_not_fetched(own: Machine) -> None:
    with stubbed("s3") as (s3, stub):
        found = [entry(OWN), entry(f"../../../etc/x-{PRINT}.conf")]
        stub.add_response("list_objects_v2", {"Contents": found})
        exchange(own, samples.settings(), s3)
    assert not list(own.root.rglob("*.conf"))


def test_the_newest_come_first_and_the_disk_does_not_fill(
    own: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MOST_BYTES", 5)
    new, old = f"new-{OTHER}.js", f"old-{OTHER}.js"
    with stubbed("s3") as (s3, stub):
        found = [entry(OWN), entry(old, day=1), entry(new, day=2)]
        stub.add_response("list_objects_v2", {"Contents": found})
        stub.add_response(
            "get_object",
            {"Body": io.BytesIO(b"new")},
            {"Bucket": BUCKET, "Key": f"assets/{new}"},
        )
        exchange(own, samples.settings(), s3)
    assert [path.name for path in own.older_assets.iterdir()] == [new]


def test_trouble_with_assets_fails_no_first_boot(
    own: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: Any) -> None:
        raise Permanent("the bucket says no")

    monkeypatch.setattr(assets, "exchange", refuse)
    assert cli.main(["assets"], own) == 1
    assert read_failure(own, "assets") is None
    assert "the bucket says no" in capsys.readouterr().err
