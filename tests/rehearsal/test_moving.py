"""A pod moves to another database: dumped on one stack's pod, loaded on another's."""

from __future__ import annotations

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .aws import Aws
from .figures import Figures
from .moves import (
    BODIES,
    BUCKET,
    EXTRAS,
    PASSWORD,
    ROWS,
    WATCHER,
    Move,
    change_manifest,
    grow,
    keys,
    manifests,
    names,
    redis,
    send,
    until_it_runs,
)
from .pod import Pods
from .stack import SECRETS

# As it is in the list of processes, and no shell that was told to start it.
PROGRAM = "^/usr/bin/python3 -I /usr/sbin/diaspora-pod"


@pytest.fixture
def move(pods: Pods, aws: Aws) -> Move:
    new = aws.database_of("second")
    first = pods.launch()
    second = pods.launch(
        "second",
        new,
        OwnsDomain="no",
        ExistingBucketName=BUCKET,
        SecretsPath="/diaspora/pod",
    )
    for pod in (first, second):
        assert pod.wait_for_signal().status == "SUCCESS"
    values = ", ".join(f"({body})" for body in BODIES)
    user = SECRETS["/diaspora/database/username"]
    aws.database.psql(f"SET ROLE {user}; INSERT INTO notes (body) VALUES {values}; {EXTRAS}")
    return Move(first, second, aws.database, new)


def test_everything_that_was_there_is_there(move: Move, figures: Figures) -> None:
    before = move.old.psql(ROWS)
    began = time.monotonic()
    name = move.dump()
    dumped = time.monotonic() - began
    assert move.first.front.get("/people").status == 503
    assert move.old.psql(ROWS) == before
    began = time.monotonic()
    told = move.load(name)
    loaded = time.monotonic() - began
    assert move.new.psql(ROWS) == before
    assert "as many as there were" in told
    assert move.second.front.get("/people").status == 200
    note = "of the stand-in; two AWS updates come on top"
    figures.add("Moving", "dump, seconds", f"{dumped:.0f}", why=note)
    figures.add("Moving", "load until pages answer, seconds", f"{loaded:.0f}", why=note)


def test_jobs_that_wait_go_on_when_the_second_stack_has_the_domain(move: Move, pods: Pods) -> None:
    first = move.first.machine
    assert send(move.first, "done before the dump") == 202
    # Its time comes in an hour: no job that a dump waits for.
    job = {"class": "Workers::ReceivePublic", "args": ["🐘 later"], "queue": "urgent", "jid": "j1"}
    redis(move.first, f"ZADD schedule {time.time() + 3600:.0f} '{json.dumps(job)}'")
    name = move.dump()
    assert send(move.first, "senders try again") == 503
    told = move.load(name)
    assert f"diaspora-pod take-jobs {name}" in told
    move.second.machine.fail(f"diaspora-pod take-jobs {name}")
    first.shutdown()
    third = pods.launch("second", move.new, ExistingBucketName=BUCKET, SecretsPath="/diaspora/pod")
    assert third.wait_for_signal().status == "SUCCESS"
    assert "1 jobs go on here" in third.machine.succeed(f"diaspora-pod take-jobs {name}")
    assert json.loads(redis(third, "ZRANGE schedule 0 -1")) == job
    assert "taken before" in third.machine.fail(f"diaspora-pod take-jobs {name}")
    received = third.front.get("/received").json()["received"]
    assert received.count("done before the dump") == 1


def test_what_was_stopped_stays_so_over_a_reboot_until_it_is_told_otherwise(move: Move) -> None:
    move.dump()
    move.first.machine.reboot()
    move.first.machine.wait_for_unit("diaspora-migrate.service", 180)
    for unit in ("web", "sidekiq"):
        assert move.first.machine.unit(f"diaspora-{unit}.service")["ActiveState"] == "inactive"
    assert move.first.front.get("/people").status == 503
    move.first.machine.succeed("diaspora-pod resume", 180)
    assert move.first.front.get("/people").status == 200
    move.first.machine.wait_for_unit("diaspora-sidekiq.service")


def test_a_load_is_refused_where_it_would_harm(move: Move, aws: Aws) -> None:
    name = move.dump()
    before = move.old.psql(ROWS)
    second = move.second.machine
    assert "OwnsDomain" in move.first.machine.fail(f"diaspora-pod load {name}")
    assert "no whole dump" in second.fail("diaspora-pod load 20000101T000000Z")
    change_manifest(aws, name, schema=[0, 20160829170244, 20990101000000])
    assert "newer than this image" in second.fail(f"diaspora-pod load {name}")
    change_manifest(aws, name, schema=[0, 20160829170244])
    move.new.psql("INSERT INTO photos (name) VALUES ('somebody was here')")
    assert "in use: there are rows in photos" in second.fail(f"diaspora-pod load {name}", 120)
    move.new.psql("DELETE FROM photos")
    move.load(name)
    assert "in use" in second.fail(f"diaspora-pod load {name}", 120)
    assert move.new.psql(ROWS) == before


def test_a_dump_that_is_not_whole_changes_nothing(move: Move, aws: Aws) -> None:
    name = move.dump()
    key = f"transfer/{name}/database"
    whole = aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    text = gzip.decompress(whole)
    among_rows = gzip.compress(text[: text.index(b"COPY public.notes") + 60])
    wrong = whole[:-200] + b"\x00" + whole[-199:]
    for cut in (whole[: len(whole) // 2], whole[:-1], b"", among_rows, wrong):
        aws.s3.put_object(Bucket=BUCKET, Key=key, Body=cut)
        assert "not whole" in move.second.machine.fail(f"diaspora-pod load {name}", 120)
        assert move.new.psql("SELECT count(*) FROM notes") == "0"
        assert move.second.front.get("/people").status == 200
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=whole)
    move.load(name)
    assert move.new.psql(ROWS) == move.old.psql(ROWS)


def test_a_load_that_is_killed_leaves_the_database_empty_and_a_second_one_works(
    move: Move,
) -> None:
    grow(move.old, 300_000)
    name = move.dump()
    second = move.second.machine
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(second.run, f"diaspora-pod load {name}", 180)
        until_it_runs(move.new, "COPY", loading)
        second.succeed(f"pkill --signal KILL --full '{PROGRAM} load'")
        loading.result()
    assert move.new.psql("SELECT count(*) FROM notes") == "0"
    move.load(name)
    assert move.new.psql(ROWS) == move.old.psql(ROWS)


@pytest.mark.parametrize("end", ["HUP", "TERM"])
def test_a_dump_that_is_ended_leaves_the_pod_running_and_no_dump(
    move: Move, aws: Aws, end: str
) -> None:
    grow(move.old, 300_000)
    with ThreadPoolExecutor(1) as pool:
        dumping = pool.submit(move.first.machine.run, "diaspora-pod dump", 180)
        until_it_runs(move.old, "COPY", dumping)
        move.first.machine.succeed(f"pkill --signal {end} --full '{PROGRAM} dump'")
        status, _ = dumping.result()
    assert status not in (0, 124)
    assert move.first.front.get("/people").status == 200
    assert not manifests(aws)


def test_a_bucket_that_is_away_leaves_the_pod_running_and_no_dump(move: Move, aws: Aws) -> None:
    aws.down("s3", after="PUT /transfer/")
    grow(move.old, 300_000)
    told = move.first.machine.fail("diaspora-pod dump", 300)
    aws.up("s3")
    assert "the pod runs again as before" in told
    assert move.first.front.get("/people").status == 200
    assert not manifests(aws)


def test_nobody_sees_the_password_and_no_disk_fills(move: Move, aws: Aws, figures: Figures) -> None:
    grow(move.old, 600_000)
    watcher = "/root/watch.py"
    move.first.machine.write(watcher, WATCHER)
    move.second.machine.write(watcher, WATCHER)
    for pod, command in ((move.first, "dump"), (move.second, "load")):
        words = command if command == "dump" else f"load {names(aws)[0]}"
        told = pod.machine.succeed(f"python3 {watcher} /usr/sbin/diaspora-pod {words}", 300)
        seen = json.loads(told.splitlines()[-1])
        assert seen["status"] == 0
        assert seen["looks"] > 3
        assert not [text for text in seen["texts"] if PASSWORD in text]
        assert PASSWORD not in pod.machine.journal()
        size = sum(aws.s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] for key in keys(aws))
        assert seen["disk"] < size / 4
        assert seen["memory"] < 200
        here = f"{seen['memory']:.0f} MB of memory, {seen['seconds']:.0f} s"
        figures.add("Moving", f"{command} of {size / 1e6:.0f} MB", here)
    assert move.new.psql(ROWS) == move.old.psql(ROWS)
