"""Ways to break the built template, for promises to notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .reading import Template

Mutation = Callable[[Template], object]


def resource(template: Template, title: str) -> Any:
    return template["Resources"][title]


def change(title: str, *path: str | int, to: Any) -> Mutation:
    """A mutation that sets one property, by its path."""

    def mutate(template: Template) -> None:
        node = resource(template, title)["Properties"]
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to

    return mutate


def attribute(title: str, name: str, to: Any) -> Mutation:
    """A mutation that sets one of a resource's own attributes."""
    return lambda template: resource(template, title).__setitem__(name, to)


def grant(actions: list[str], resources: list[str]) -> Mutation:
    """A mutation that gives the pod's role one right more."""
    extra = {
        "PolicyName": "extra",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}],
        },
    }
    return lambda template: resource(template, "PodRole")["Properties"]["Policies"].append(extra)


def unconditional_policy(name: str) -> Mutation:
    """A mutation that gives the role one of its conditional policies for ever."""

    def mutate(template: Template) -> None:
        role = resource(template, "PodRole")["Properties"]
        role["Policies"] = [
            policy["Fn::If"][1] if "Fn::If" in policy and name in str(policy) else policy
            for policy in role["Policies"]
        ]

    return mutate


def output(name: str, to: Any) -> Mutation:
    return lambda template: template["Outputs"][name].__setitem__("Value", to)


def add(title: str, body: dict[str, Any]) -> Mutation:
    return lambda template: template["Resources"].__setitem__(title, body)


def drop(title: str) -> Mutation:
    return lambda template: template["Resources"].pop(title)


def unguard(title: str) -> Mutation:
    return lambda template: resource(template, title).pop("Condition")


def answer(name: str, to: str) -> Mutation:
    return lambda template: template["Parameters"][name].__setitem__("Default", to)


def statement(template: Template, sid: str) -> Any:
    """A statement of the pod's rights."""
    policies = resource(template, "PodRole")["Properties"]["Policies"]
    documents = [p["PolicyDocument"] for p in policies if "PolicyDocument" in p]
    return next(s for d in documents for s in d["Statement"] if s.get("Sid") == sid)
