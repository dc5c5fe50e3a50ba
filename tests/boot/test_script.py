"""A dump's text becomes statements and rows, whatever stands in the rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from diaspora_pod.errors import Permanent
from diaspora_pod.moving import script

from .moving import FRESH, SCRIPT, Tables


def lines(text: str) -> Iterator[bytes]:
    return iter(text.encode().splitlines(keepends=True))


@pytest.fixture
def done() -> Tables:
    tables = Tables(FRESH)
    script.run(tables, lines(SCRIPT))
    return tables


def test_rows_arrive_byte_for_byte_and_end_where_they_end(done: Tables) -> None:
    assert done.copied == {
        "notes": b"1\ta\\nb\n2\t\\\\.\n3\t\\N\n",
        "schema_migrations": b"0\n20160829170244\n",
    }


def test_statements_come_before_and_behind_the_rows_that_they_are_for(done: Tables) -> None:
    first, last = done.done
    assert first.index("CREATE TABLE public.notes") < first.index("public.schema_migrations")
    assert "ADD CONSTRAINT notes_pkey" in last


def test_no_word_to_psql_is_obeyed_or_passed_on(done: Tables) -> None:
    assert not any("restrict" in statement for statement in done.done)


def test_time_limits_that_an_older_server_does_not_know_are_left_as_they_are(done: Tables) -> None:
    assert not any("timeout" in statement for statement in done.done)
    assert "SET client_encoding = 'UTF8';" in done.done[0]


@pytest.mark.parametrize("end", ["1\ta\\nb\n", "FROM stdin;\n"])
def test_a_text_that_ends_among_rows_is_not_whole(end: str) -> None:
    cut = SCRIPT[: SCRIPT.index(end) + len(end)]
    with pytest.raises(Permanent, match="not whole"):
        script.run(Tables(FRESH), lines(cut))
