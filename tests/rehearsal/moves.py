"""What stories of a move are told with: two stacks of one pod, and what is in their databases."""

from __future__ import annotations

import json
import re
from concurrent.futures import Future
from dataclasses import dataclass

from .aws import Aws
from .fakes.database import Database
from .patience import until
from .pod import Pod
from .stack import SECRETS

BUCKET = "pod-assetsbucket-rehearsal"
ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
PASSWORD = SECRETS["/diaspora/database/password"]
# What no format may change: quotes, backslashes, what ends a table in a dump, lines, an emoji.
BODIES = (
    "E'a\\\\.\\nb'",
    "E'\\\\.'",
    "E'COPY public.notes (id) FROM stdin;\\n'",
    "'\\! touch /tmp/owned'",
    "'🐘 漢字 é'",
    "'don''t \"quote\"; DROP TABLE notes; --'",
    "E'tab\\t return\\r bell\\x07'",
    "''",
    "NULL",
)
ODD = '"Odd ""one"" here"'
EXTRAS = f"""
    CREATE TABLE {ODD} (bytes bytea, number numeric, at timestamptz, flags boolean[]);
    INSERT INTO {ODD} VALUES
        ('\\x00ff5c2e0a', 'NaN', '2026-11-28 00:00:00.123456+02', '{{t,f,NULL}}'),
        (NULL, 1e100, NULL, NULL);
"""
# What is there, whatever its order: the rows of every table, and where sequences stand.
ROWS = f"""
    SELECT md5(string_agg(found, '|' ORDER BY found)) FROM (
        SELECT 'schema_migrations' || m::text AS found FROM schema_migrations m
        UNION ALL SELECT 'notes' || n::text FROM notes n
        UNION ALL SELECT 'photos' || p::text FROM photos p
        UNION ALL SELECT 'odd' || o::text FROM {ODD} o
        UNION ALL SELECT sequencename || coalesce(last_value::text, '-') FROM pg_sequences
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
    ) AS everything
"""


@dataclass(frozen=True)
class Move:
    """Two stacks of one pod; the second has an empty database, of another cluster."""

    first: Pod
    second: Pod
    old: Database
    new: Database

    def dump(self, seconds: float = 120) -> str:
        """Dump the first pod; the dump's name."""
        told = self.first.machine.succeed("diaspora-pod dump", seconds)
        print(told)
        return _name_in(told)

    def load(self, name: str) -> str:
        """Load a dump into the second pod; what was said."""
        told = self.second.machine.succeed(f"diaspora-pod load {name}", 180)
        print(told)
        return told


# Runs a command, and looks meanwhile at every process, at the disk and at the memory of its own.
WATCHER = """
import glob, json, os, shutil, subprocess, sys, time
def texts():
    for name in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
        try:
            yield open(name, "rb").read().decode(errors="replace")
        except OSError:
            pass
def memory(pid):
    total = 0
    for name in [pid, *map(int, open(f"/proc/{pid}/task/{pid}/children").read().split())]:
        for line in open(f"/proc/{name}/status"):
            if line.startswith("VmRSS"):
                total += int(line.split()[1]) / 1024
    return total
free, began, seen, looks, disk, most = shutil.disk_usage("/").free, time.time(), set(), 0, 0, 0
process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
while process.poll() is None:
    looks += 1
    seen.update(texts())
    disk = max(disk, free - shutil.disk_usage("/").free)
    try:
        most = max(most, memory(process.pid))
    except OSError:
        pass
    time.sleep(0.1)
print(json.dumps({"status": process.returncode, "looks": looks, "texts": sorted(seen), "disk": disk,
                  "memory": most, "seconds": time.time() - began}))
"""


def grow(database: Database, rows: int) -> None:
    """So many rows, which compress badly."""
    database.psql(
        "INSERT INTO photos (name) SELECT md5(random()::text) || md5(random()::text) "
        f"FROM generate_series(1, {rows})"
    )


def until_it_runs(database: Database, words: str, task: Future[tuple[int, str]]) -> None:
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'diaspora-pod' "
        f"AND query LIKE '{words}%' AND state = 'active'"
    )
    until(lambda: task.done() or database.psql(asked) != "0", 120, every=0.05)
    assert not task.done(), task.result()


def change_manifest(aws: Aws, name: str, **changes: object) -> None:
    key = f"transfer/{name}/manifest"
    found = json.loads(aws.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    aws.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps({**found, **changes}))


def keys(aws: Aws) -> list[str]:
    found = aws.s3.list_objects_v2(Bucket=BUCKET, Prefix="transfer/").get("Contents", [])
    return [entry["Key"] for entry in found]


def manifests(aws: Aws) -> list[str]:
    return [key for key in keys(aws) if key.endswith("/manifest")]


def names(aws: Aws) -> list[str]:
    return [key.split("/")[1] for key in manifests(aws)]


def send(pod: Pod, body: str) -> int:
    return pod.front.post("/receive/public", f"xml={body}".encode(), headers=ENCODED).status


def redis(pod: Pod, command: str) -> str:
    return pod.machine.succeed(f"redis-cli -s /run/redis/redis-server.sock {command}").strip()


def _name_in(told: str) -> str:
    found = re.search(r"diaspora-pod load (\S+)", told)
    assert found, told
    return found[1]
