"""The desk at which a module's blocks are run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .desk import Desk, laid


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with laid(tmp_path_factory.mktemp("desk")) as desk:
        yield desk
