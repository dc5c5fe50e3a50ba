"""The words that parameters are made of: questions, their groups, conditions on the answers.

All three are frozen descriptions: CloudFormation objects come into being only when a stack is
built, so that importing a module that holds them builds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import troposphere
from troposphere import And, AWSHelperFn, Equals, Not, Parameter, Ref


@dataclass(frozen=True)
class Question:
    """One template parameter, as a person meets it in the CloudFormation console.

    ``text`` says what to enter, gives an example, and what happens when the answer changes later.
    ``pattern`` is matched by CloudFormation against the whole answer, as a Java pattern;
    ``constraint`` is what a person is told when it does not match. A question without a
    ``default`` has to be answered. Counts and versions are String with a pattern, never Number:
    CloudFormation inserts a Number as it was typed, ``007`` included.
    """

    name: str
    label: str
    text: str
    default: str | None = None
    allowed: tuple[str, ...] = ()
    pattern: str | None = None
    constraint: str | None = None
    max_length: int | None = None
    type: str = "String"

    @property
    def ref(self) -> Ref:
        """The answer, for use in a resource."""
        return Ref(self.name)

    def parameter(self) -> Parameter:
        """The parameter that asks this question."""
        properties: dict[str, Any] = {
            "Description": self.text,
            "Default": self.default,
            "AllowedValues": list(self.allowed) or None,
            "AllowedPattern": self.pattern,
            "ConstraintDescription": self.constraint,
            "MaxLength": self.max_length,
        }
        given = {key: value for key, value in properties.items() if value is not None}
        return Parameter(self.name, Type=self.type, **given)


@dataclass(frozen=True)
class Group:
    """Questions that the console shows together under one heading."""

    label: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Condition:
    """A named condition on the answers; ``parts`` are the conditions that it refers to."""

    name: str
    expression: Callable[[], AWSHelperFn]
    parts: tuple[Condition, ...] = ()

    @property
    def ref(self) -> troposphere.Condition:
        """This condition, for use inside another one."""
        return troposphere.Condition(self.name)


def given(name: str, question: Question) -> Condition:
    """A condition that holds when an optional question was answered."""
    return Condition(name, lambda: Not(Equals(question.ref, "")))


def answered(name: str, question: Question, answer: str) -> Condition:
    """A condition that holds when a question was answered with exactly this."""
    return Condition(name, lambda: Equals(question.ref, answer))


def negated(name: str, condition: Condition) -> Condition:
    """A condition that holds when another one does not."""
    return Condition(name, lambda: Not(condition.ref), (condition,))


def all_of(name: str, *conditions: Condition) -> Condition:
    """A condition that holds when all of these do."""
    return Condition(name, lambda: And(*(part.ref for part in conditions)), conditions)
