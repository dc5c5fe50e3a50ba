"""One clear line where a program is run without the packages that it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def explained(command: str) -> Iterator[None]:
    """Around imports: where a package is missing, say what to type, and end with 1."""
    try:
        yield
    except ModuleNotFoundError as error:
        sys.exit(f"{error.name} is not installed: type `{command}`, which sets up what it needs")
