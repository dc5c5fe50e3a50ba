"""The stacks that this generator knows, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..template.stack import Stack
from . import low_cost

STACKS: Mapping[str, Callable[[], Stack]] = MappingProxyType({low_cost.NAME: low_cost.build})
