"""A pod moves to another database with all that its people have: they notice an outage, no more."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..aws import Aws
from ..figures import Figures
from ..moves import BUCKET, Move
from ..patience import until
from ..pictures import is_webp, noise
from ..pod import Pods
from .neighbours import ALICE, inhabitant, stream, write

TEXT = "Before the move 🐘 'é' \\."
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY sequencename"


def test_people_posts_photos_and_logins_are_there_after_a_move(
    pods: Pods, aws: Aws, figures: Figures
) -> None:
    new = aws.database_of("second")
    first = pods.launch()
    assert first.wait_for_signal().status == "SUCCESS"
    alice = inhabitant(first, ALICE)
    number = alice.upload(noise(800, 600)).json()["data"]["photo"]["id"]
    assert write(alice, TEXT, "public", photos=[number]) == 201
    until(lambda: TEXT in stream(alice))
    second = pods.launch(
        "second", new, OwnsDomain="no", ExistingBucketName=BUCKET, SecretsPath="/diaspora/pod"
    )
    assert second.wait_for_signal().status == "SUCCESS"
    move = Move(first, second, aws.database, new)

    began = time.monotonic()
    name = move.dump()
    before = _contents(move.old.psql)
    move.load(name)
    assert _contents(new.psql) == before
    assert len(before) > 40
    first.machine.shutdown()
    third = pods.launch("second", new, ExistingBucketName=BUCKET, SecretsPath="/diaspora/pod")
    assert third.wait_for_signal().status == "SUCCESS"
    seconds = time.monotonic() - began
    why = "dump, load, and the boot of the pod that has the domain; two updates of AWS come on top"
    figures.add("moving", "from the dump until pages answer again", f"{seconds:.0f} s", "", why)

    # The cookie that the first pod gave is believed: the secrets are shared.
    alice.moves_to(third)
    post = stream(alice)[TEXT]
    (photo,) = post["photos"]
    shown = third.front.get(photo["sizes"]["large"].removeprefix(f"https://{third.stack.host}"))
    assert (shown.status, is_webp(shown.body)) == (200, True)
    assert write(alice, "After the move", "public") == 201
    until(lambda: "After the move" in stream(alice))


def _contents(psql: Callable[[str], str]) -> dict[str, str]:
    """What each table holds, whatever the order, and where its numbers stand."""
    found = {
        table: psql(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
        for table in psql(_TABLES).split()
    }
    return {**found, "sequences": psql(_SEQUENCES)}
