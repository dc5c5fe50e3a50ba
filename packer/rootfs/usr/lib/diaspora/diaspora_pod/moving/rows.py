"""The database's tables: how many rows they hold, and whether anybody has used them."""

from __future__ import annotations

from typing import Any

# What a pod writes that nobody has used: its schema's history, and the riddles of visitors who
# looked at the page for signing up.
OF_A_FRESH_POD = {"schema_migrations", "ar_internal_metadata", "simple_captcha_data"}

_TABLES = "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public' ORDER BY 1"
_OTHERS = """
    SELECT count(*) FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""
_LARGE_OBJECTS = "SELECT count(*) FROM pg_catalog.pg_largeobject_metadata"


def tables(cursor: Any) -> list[str]:
    """The names of all tables, sorted."""
    cursor.execute(_TABLES)
    return [name for (name,) in cursor.fetchall()]


def count(cursor: Any) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table: int(_one(cursor, f"SELECT count(*) FROM {quoted(table)}"))
        for table in tables(cursor)
    }


def used(cursor: Any) -> list[str]:
    """The tables that hold what somebody has put there."""
    return [
        table
        for table in tables(cursor)
        if table not in OF_A_FRESH_POD
        and _one(cursor, f"SELECT EXISTS (SELECT FROM {quoted(table)})")
    ]


def drop(cursor: Any) -> None:
    """Drop all tables, and what belongs to them."""
    if found := tables(cursor):
        cursor.execute(f"DROP TABLE {', '.join(map(quoted, found))} CASCADE")


def others(cursor: Any) -> int:
    """How many others are connected to the database, with the pod's name."""
    return int(_one(cursor, _OTHERS))


def large_objects(cursor: Any) -> int:
    """How many large objects there are."""
    return int(_one(cursor, _LARGE_OBJECTS))


def quoted(table: str) -> str:
    """A table's name as SQL spells it."""
    name = table.replace('"', '""')
    return f'public."{name}"'


def _one(cursor: Any, statement: str) -> Any:
    cursor.execute(statement)
    return cursor.fetchone()[0]
