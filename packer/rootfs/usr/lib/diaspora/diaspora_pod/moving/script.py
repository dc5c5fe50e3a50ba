"""Running a dump as PostgreSQL's ``pg_dump`` writes it in plain text, inside one transaction.

Neither ``psql``, which would do on this machine what a line of the dump says, nor ``pg_restore``,
which can neither count rows nor look at a checksum before it commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import Permanent

COPY = re.compile(rb"COPY \S.* FROM stdin;\n")
END_OF_ROWS = b"\\.\n"
# Words to psql, and time limits, of which a newer client names some that an older server does not
# know (transaction_timeout: PostgreSQL 17). What the server is set to stays.
PASSED_OVER = re.compile(rb"\\|SET \w+_timeout = 0;\n")


def run(cursor: Any, lines: Iterator[bytes]) -> None:
    """Do what the lines say; raises what psycopg2 raises, and Permanent where they break off."""
    statements: list[bytes] = []
    for line in lines:
        if COPY.fullmatch(line):
            _execute(cursor, statements)
            rows = _Rows(lines)
            cursor.copy_expert(line.decode(errors="replace"), rows)
            rows.want_end()
        elif not PASSED_OVER.match(line):
            statements.append(line)
    _execute(cursor, statements)


def _execute(cursor: Any, statements: list[bytes]) -> None:
    """All at once: where one ends, the server knows best. Remarks alone psycopg2 refuses."""
    if any(line.strip() and not line.startswith(b"--") for line in statements):
        cursor.execute(b"".join(statements))
    statements.clear()


class _Rows:
    """The rows of one table, as a file.

    What goes wrong with the lines is told afterwards: psycopg2 takes it for the database's trouble.
    """

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._ended = False
        self._trouble: Exception | None = None

    def read(self, size: int) -> bytes:
        """At least so many bytes, and fewer only at the end."""
        found: list[bytes] = []
        length = 0
        while not self._ended and length < size:
            line = self._next()
            if line in (END_OF_ROWS, b""):
                self._ended = bool(line)
                break
            found.append(line)
            length += len(line)
        return b"".join(found)

    def _next(self) -> bytes:
        try:
            return next(self._lines, b"")
        except Exception as error:
            self._trouble = error
            return b""

    def want_end(self) -> None:
        """Raise what the lines raised, and Permanent where they were over before the rows were."""
        if self._trouble:
            raise self._trouble
        if not self._ended:
            raise Permanent("the dump is not whole: it ends among a table's rows")
