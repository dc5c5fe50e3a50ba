"""What stories of a hand-over are told with: jobs that wait, and what lies in the bucket."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from diaspora_cf.resources.front.gateway import CLIENT_ADDRESS_HEADER, CLIENT_SCHEME_HEADER

from .aws import Aws
from .fakes.front import Answer
from .moves import BUCKET, ENCODED, redis
from .network import Vpc
from .pod import Pod

FOLDER = "handover/diaspora/pod/"
# Jobs of half a message's size that compress badly, until the queue is full. By the program's own
# way to Redis: its command line would take minutes.
FILL = """
import base64, os, sys, time
sys.path.insert(0, "/usr/lib/diaspora")
from diaspora_pod import redis
from diaspora_pod.errors import Transient
with redis.connected() as queue:
    try:
        for number in range(int(sys.argv[1])):
            body = base64.b64encode(os.urandom(96_000)).decode()
            job = '{"class": "Workers::Mail", "queue": "low", "args": ["%s"]}' % body
            queue.call("ZADD", "schedule", str(time.time() + 36_000 + number), job)
    except Transient as trouble:
        print(trouble)
"""
READ = """
import hashlib, sys
sys.path.insert(0, "/usr/lib/diaspora")
from diaspora_pod import jobs, redis
found, size, count = hashlib.sha256(), 0, 0
with redis.connected() as queue:
    for entry in jobs.entries(queue):
        found.update(repr(entry).encode())
        size += len(entry.job)
        count += 1
print(found.hexdigest(), size, count)
"""


def queue(pod: Pod, name: str, *bodies: str, **more: object) -> None:
    """Put jobs into a queue as sidekiq's client does."""
    redis(pod, f"SADD queues {name}")
    for body in bodies:
        redis(pod, f"LPUSH queue:{name} '{json.dumps({**_job(body, name), **more})}'")


def queue_many(pod: Pod, name: str, count: int) -> None:
    """The same, all at once; their bodies are the name and a number."""
    job = json.dumps(_job("BODY", "urgent"))
    script = (
        f"for i = 1, {count} do redis.call([[lpush]], [[queue:urgent]], "
        f"(string.gsub([[{job}]], [[BODY]], [[{name} ]] .. i))) end"
    )
    redis(pod, "SADD queues urgent")
    redis(pod, f"EVAL '{script}' 0")


def later(pod: Pod, place: str, body: str, hours: float) -> None:
    """Have a job wait for its time in one of sidekiq's sets."""
    job = json.dumps(_job(body, "urgent"))
    redis(pod, f"ZADD {place} {time.time() + hours * 3600:.3f} '{job}'")


def _job(body: str, name: str) -> dict[str, object]:
    return {"class": "Workers::ReceivePublic", "args": [body], "queue": name, "jid": body}


def sets(pod: Pod) -> list[str]:
    """What waits for its time, and what was given up."""
    return [redis(pod, f"ZRANGE {name} 0 -1 WITHSCORES") for name in ("schedule", "retry", "dead")]


def fill(pod: Pod, most: int = 100_000) -> str:
    """Put so many large jobs into the schedule, or fewer where no more fit; what Redis said."""
    return _run(pod, FILL, str(most))


def all_of_it(pod: Pod) -> tuple[str, int, int]:
    """A digest of every job in its place, their bytes, and how many they are."""
    digest, size, count = _run(pod, READ).split()
    return digest, int(size), int(count)


def _run(pod: Pod, program: str, *arguments: str) -> str:
    name = f"/root/{hashlib.sha256(program.encode()).hexdigest()[:8]}.py"
    pod.machine.write(name, program)
    return pod.machine.succeed(f"python3 {name} {' '.join(arguments)}", 180)


def notes(aws: Aws) -> list[str]:
    """What the jobs have done, asked past the pods."""
    return aws.database.psql("SELECT body FROM notes ORDER BY id").splitlines()


def hand_overs(aws: Aws) -> list[str]:
    """The hand-overs that nobody has taken yet."""
    found = aws.s3.list_objects_v2(Bucket=BUCKET, Prefix=FOLDER).get("Contents", [])
    return [key for entry in found if not (key := entry["Key"]).endswith(".taker")]


def told(pod: Pod) -> str:
    """What was said of hand-overs in the pod's log group, by this machine."""
    text = pod.aws.logs.text(pod.settings["log_group"], pod.instance_id)
    return "".join(line for line in text.splitlines(True) if line.startswith("diaspora-handover"))


@dataclass
class Sent:
    """What another pod has sent: what was accepted, and how often it was refused."""

    accepted: list[str] = field(default_factory=list)
    refused: int = 0


@contextmanager
def sending(name: str, send: Callable[[bytes], Answer], every: float = 0.1) -> Iterator[Sent]:
    """Another pod sends message after message, each once."""
    sent, over = Sent(), threading.Event()

    def keep_sending() -> None:
        for number in itertools.count(1):
            if over.wait(every):
                return
            body = f"{name} {number}"
            try:
                accepted = send(f"xml={body}".encode()).status == 202
            except (OSError, http.client.HTTPException):
                accepted = False
            if accepted:
                sent.accepted.append(body)
            else:
                sent.refused += 1

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        yield sent
    finally:
        over.set()
        sender.join()


def to(pod: Pod) -> Callable[[bytes], Answer]:
    """To this very machine, with what the front would say of many addresses."""
    sources = itertools.cycle(Vpc.VISITORS)

    def send(body: bytes) -> Answer:
        said = {CLIENT_SCHEME_HEADER: "https", CLIENT_ADDRESS_HEADER: next(sources)}
        return pod.inside("POST", "/receive/public", {**ENCODED, **said}, body, 10)

    return send


def through_the_front(pod: Pod) -> Callable[[bytes], Answer]:
    """To whichever machine the front leads to, from many addresses."""
    sources = itertools.cycle(Vpc.VISITORS)
    return lambda body: pod.front.post("/receive/public", body, ENCODED, source=next(sources))
