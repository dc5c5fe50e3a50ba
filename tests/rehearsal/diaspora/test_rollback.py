"""diaspora* goes on against a schema that is newer than its image: running, and after a reboot.

What a later image's migration does is done to the database by itself; the machines of such an
update are in the stand-in's ``test_rollback.py``.
"""

from __future__ import annotations

import json

from ..figures import Figures
from ..patience import repeating, until
from ..pod import Pod
from ..test_database import OF_A_LATER_IMAGE
from ..test_rollback import GOES_ON, REFUSED
from .person import Person

TABLES = ("users", "people", "profiles", "posts", "aspects", "notifications")


def test_a_table_that_changes_under_a_running_pod_refuses_nobody(
    pod: Pod, admin: Person, figures: Figures
) -> None:
    _write(admin, "Before")
    statuses: list[int] = []
    with repeating(lambda: statuses.append(admin.get("/stream.json").status)):
        until(lambda: len(statuses) > 5)
        changes = "; ".join(f"ALTER TABLE {table} ADD COLUMN later text" for table in TABLES)
        pod.database.psql(f"{changes}; INSERT INTO schema_migrations VALUES ({OF_A_LATER_IMAGE})")
        asked = len(statuses)
        until(lambda: len(statuses) > asked + 5)
    failed = len(statuses) - statuses.count(200)
    told = f"{len(statuses)}, of which failed {failed}"
    why = f"{pod.database.logged(REFUSED)} statements were prepared for the tables before"
    figures.add("rollback", "requests while six tables changed", told, "", why)
    assert failed == 0
    _write(admin, "After")


def test_a_reboot_with_a_newer_schema_brings_the_pod_back_and_says_so(
    pod: Pod, admin: Person
) -> None:
    pod.machine.reboot()
    pod.machine.wait_for_journal(GOES_ON, 120)
    pod.machine.wait_for_unit("diaspora-sidekiq", 180)
    _write(admin, "After a reboot")
    assert "After a reboot" in admin.get("/stream.json").text


def _write(person: Person, text: str) -> None:
    post = {"status_message": {"text": text}, "aspect_ids": ["public"]}
    answer = person.post_json("/stream", "/status_messages", json.dumps(post).encode())
    assert answer.status == 201, answer.text
