"""One clear line where a program is run without the packages that it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

OLDEST_PYTHON = (3, 10)


@contextmanager
def explained(command: str) -> Iterator[None]:
    """Around imports: where a package or a newer Python is missing, say so, and end with 1."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        sys.exit(f"Python {wanted} or later is needed, and this is {sys.version.split()[0]}")
    try:
        yield
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed: type `{command}`, which sets up what it needs")
