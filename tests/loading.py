"""Reads a committed template: YAML with CloudFormation's short tags, into the long form."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """A loader of its own, so that the tags are not known to all of PyYAML."""


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = node.value
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    raise AssertionError(f"!{suffix} stands before a mapping, which is no YAML of CloudFormation's")


_Loader.add_multi_constructor("!", _construct)


def load(text: str) -> dict[str, Any]:
    """The template in long form."""
    template: dict[str, Any] = yaml.load(text, Loader=_Loader)
    return template
