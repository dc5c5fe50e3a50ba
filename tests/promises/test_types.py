"""Nothing is asked of AWS that its own description of a type refuses.

The descriptions are those that cfn-lint carries. They know names, kinds and lists of values; what
AWS makes of them nobody was asked.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from jsonschema import Draft7Validator

from ..answers import FOREIGN, HOSTED, INSTANCE
from .breaking import Mutation, change
from .reading import EVERYTHING, Template


def test_every_resource_is_one_that_aws_describes(template: Template) -> None:
    faults = {
        fault
        for choice in (HOSTED, FOREIGN, INSTANCE, EVERYTHING)
        for title, resource in template.rendered(choice).resources.items()
        for fault in _faults(resource["Type"], json.dumps(resource.get("Properties", {})))
    }
    assert faults == set()


@lru_cache(maxsize=1000)
def _faults(kind: str, properties: str) -> tuple[str, ...]:
    try:
        described = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", kind).schema
    except ResourceNotFoundError:
        return (f"no type is called {kind}",)
    errors = Draft7Validator(described).iter_errors(json.loads(properties))
    return tuple(f"{kind}: {error.message}" for error in errors if not _is_text_of_it(error))


def _is_text_of_it(error: Any) -> bool:
    """Every answer is text: CloudFormation reads numbers and truths from it, and secrets later."""
    if not isinstance(error.instance, str):
        return False
    try:
        return Draft7Validator(error.schema).is_valid(json.loads(error.instance))
    except ValueError:
        return str(error.instance).startswith("{{resolve:ssm:")


MUTATIONS: dict[str, Mutation] = {
    "every_resource_is_one_that_aws_describes": change(
        "RecoveryAlarm", "Statistic", to="TheHighest"
    ),
}
