"""Whether a role may do something, by the policies of the rendered template.

It knows what these policies use: Allow and Deny, wildcards, StringEquals with policy variables. It
does not know permission boundaries, organisations, resource policies or conditions of other kinds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

Statement = dict[str, Any]


def statements(role: Mapping[str, Any]) -> list[Statement]:
    """All statements of the role's inline policies."""
    return [
        statement
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def allowed(
    role: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str] | None = None
) -> bool:
    """Whether the role may do the action on the resource's ARN."""
    effects = [
        statement["Effect"]
        for statement in statements(role)
        if _matches(statement, action, resource, context or {})
    ]
    return "Allow" in effects and "Deny" not in effects


def _matches(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        any(fnmatchcase(action.lower(), pattern.lower()) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        and _holds(statement.get("Condition", {}), context)
    )


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    unknown = set(condition) - {"StringEquals"}
    assert not unknown, f"this evaluator knows no {unknown}"
    return all(
        key in context and context[key] == _filled(value, context)
        for key, value in condition.get("StringEquals", {}).items()
    )


def _filled(value: str, context: Mapping[str, str]) -> str | None:
    """The value with its policy variable, which may be all of it; None where that has no value."""
    variable = re.fullmatch(r"\$\{(.+)\}", value)
    return context.get(variable[1]) if variable else value
