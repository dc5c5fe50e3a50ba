"""Every promise breaks when it is broken: one mutation of the built template for each.

A mutation must fail exactly the promise that it is named for; a promise without a mutation fails
here too, so that no test among them can be one that never fails.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from diaspora_cf.rendering import RenderError

from .breaking import Mutation
from .reading import Template

# All that lie here: a list could forget one, and its promises would never be broken.
MODULES = [
    import_module(f"{__package__}.{file.stem}")
    for file in sorted(Path(__file__).parent.glob("test_*.py"))
    if file.stem != Path(__file__).stem
]
PROMISES: dict[str, Callable[[Template], None]] = {
    name.removeprefix("test_"): function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("test_")
}
MUTATIONS: dict[str, Mutation] = {
    name: mutation for module in MODULES for name, mutation in module.MUTATIONS.items()
}


def broken(template: Template) -> set[str]:
    """The promises that do not hold for this template."""
    return {name for name, promise in PROMISES.items() if not _holds(promise, template)}


def _holds(promise: Callable[[Template], None], template: Template) -> bool:
    try:
        promise(copy.deepcopy(template))
    except (AssertionError, KeyError, RenderError):
        return False
    return True


@pytest.mark.parametrize("name", PROMISES)
def test_breaking_a_promise_fails_exactly_its_test(name: str, template: Template) -> None:
    assert name in MUTATIONS, "a promise without a mutation may be one that never fails"
    MUTATIONS[name](template)
    assert broken(template) == {name}


def test_every_mutation_belongs_to_a_promise() -> None:
    assert set(MUTATIONS) <= set(PROMISES)
