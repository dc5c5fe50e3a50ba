"""Every value of the built template that stands at an end of its tree, and another in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .reading import Template

Path = tuple[str | int, ...]


def leaves(template: Template) -> list[Path]:
    """The paths of all values in resources and outputs that hold no others."""
    return [
        (section, *path)
        for section in ("Resources", "Outputs")
        for path in _ends(template[section])
    ]


@contextmanager
def changed(template: Template, path: Path) -> Iterator[Template]:
    """The template with another value of the same kind at that path, for a while."""
    node: Any = template
    for step in path[:-1]:
        node = node[step]
    before = node[path[-1]]
    node[path[-1]] = _another(template, path, before)
    try:
        # A new one, which has not been rendered yet.
        yield Template(template)
    finally:
        node[path[-1]] = before


def _ends(node: Any) -> Iterator[Path]:
    if not isinstance(node, dict | list):
        yield ()
        return
    for step, child in node.items() if isinstance(node, dict) else enumerate(node):
        for path in _ends(child):
            yield (step, *path)


def _another(template: Template, path: Path, value: Any) -> Any:
    """A value that CloudFormation might take as well: what cannot be read is noticed too easily."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value in template["Resources"]:
        return _neighbour(template["Resources"], value)
    if value in template["Parameters"]:
        return _neighbour(template["Parameters"], value)
    if value in template["Conditions"] and (path[-1] == "Condition" or path[-2] == "Fn::If"):
        return _next(list(template["Conditions"]), value)
    if path[-1] == "Ref":
        return _next(["AWS::StackName", "AWS::Region"], value)
    return f"{value}x"


def _neighbour(section: dict[str, Any], name: str) -> str:
    """Another entry: of the same type where there is one, else one that is always there."""
    alike = [other for other in section if section[other]["Type"] == section[name]["Type"]]
    return _next(alike if len(alike) > 1 else [it for it in section if _always(section[it])], name)


def _always(entry: dict[str, Any]) -> bool:
    return "Condition" not in entry


def _next(names: list[str], name: str) -> str:
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
