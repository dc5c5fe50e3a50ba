"""A stack under construction: a troposphere template that also knows its headings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from troposphere import AWSHelperFn, AWSObject, If, NoValue, Output, Template

from .question import Condition, Group

Resource = TypeVar("Resource", bound=AWSObject)


class Stack:
    """Collects a stack's parameters, conditions, rules, resources and outputs.

    Resource groups add to it through ``add``, ``when``, ``choose`` and ``output``. A condition
    enters the template when it is first used, so none is there in vain.
    """

    def __init__(
        self,
        name: str,
        description: str,
        groups: Iterable[Group],
        rules: dict[str, dict[str, Any]],
    ) -> None:
        self.name = name
        self.headings: dict[str, str] = {}
        self._heading = ""
        self._template = Template(Description=description)
        self._template.set_version()
        self._ask(tuple(groups))
        for rule_name, rule in rules.items():
            self._template.add_rule(rule_name, rule)

    def section(self, heading: str) -> Stack:
        """Put the resources that follow under a heading; returns the stack itself."""
        self._heading = heading
        return self

    def add(self, resource: Resource) -> Resource:
        """Add a resource under the current heading and return it."""
        self.headings[resource.title] = self._heading
        self._template.add_resource(resource)
        return resource

    def when(self, condition: Condition) -> str:
        """The condition's name, for a resource's ``Condition``; adds it to the template."""
        if condition.name not in self._template.conditions:
            for part in condition.parts:
                self.when(part)
            self._template.add_condition(condition.name, condition.expression())
        return condition.name

    def choose(self, condition: Condition, then: Any, otherwise: Any = NoValue) -> If:
        """``then`` where the condition holds, else ``otherwise`` (by default: no such property)."""
        return If(self.when(condition), then, otherwise)

    def output(
        self,
        name: str,
        description: str,
        value: str | AWSHelperFn,
        condition: Condition | None = None,
    ) -> None:
        """Add an output that a person reads in the console."""
        guard = {} if condition is None else {"Condition": self.when(condition)}
        self._template.add_output(Output(name, Description=description, Value=value, **guard))

    def to_dict(self) -> dict[str, Any]:
        """The template with long-form intrinsics; raises ValueError where a resource is broken."""
        built: dict[str, Any] = self._template.to_dict()
        return built

    def _ask(self, groups: tuple[Group, ...]) -> None:
        """Add every question as a parameter, and the console's groups and labels."""
        for group in groups:
            for question in group.questions:
                self._template.add_parameter(question.parameter())
        self._template.set_metadata(
            {
                "AWS::CloudFormation::Interface": {
                    "ParameterGroups": [
                        {
                            "Label": {"default": group.label},
                            "Parameters": [question.name for question in group.questions],
                        }
                        for group in groups
                    ],
                    "ParameterLabels": {
                        question.name: {"default": question.label}
                        for group in groups
                        for question in group.questions
                    },
                }
            }
        )
