"""Renders a template offline: what CloudFormation would make of it for given answers.

Knows parameters, conditions, rules and the intrinsic functions. Knows no AWS: what a resource
returns (its ``Ref``, its attributes) is a placeholder that names it. Dynamic references
(``{{resolve:…}}``) stay as they are.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
_NOTHING = object()


class RenderError(ValueError):
    """What keeps a template from being rendered, in one line."""


@dataclass(frozen=True)
class Rendered:
    """A template for one set of answers; what its conditions leave out is not here."""

    parameters: dict[str, str]
    conditions: dict[str, bool]
    resources: dict[str, dict[str, Any]]
    outputs: dict[str, Any]


def render(
    template: Template,
    parameters: Mapping[str, str] | None = None,
    *,
    region: str = "eu-west-1",
    account: str = "123456789012",
    stack_name: str = "pod",
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Rendered:
    """Render a template in long form.

    ``attributes`` gives values for what resources return: logical id → ``Ref`` or an attribute's
    name → value. Raises RenderError for answers that the parameters do not take, and for a
    reference to something that is not there under these answers.
    """
    if faults := parameter_faults(template, parameters or {}):
        raise RenderError("; ".join(faults))
    renderer = _Renderer(template, parameters or {}, attributes or {})
    renderer.pseudo.update(_pseudo_parameters(region, account, stack_name))
    return renderer.rendered()


def parameter_faults(template: Template, parameters: Mapping[str, str]) -> list[str]:
    """A line for each answer that CloudFormation would refuse, and for each that is missing."""
    declared = template.get("Parameters", {})
    known = ", ".join(declared)
    faults = [
        f"no parameter {name}; there is {known}" for name in parameters if name not in declared
    ]
    for name, parameter in declared.items():
        if name in parameters:
            if fault := _value_fault(parameter, str(parameters[name])):
                text = parameter.get("ConstraintDescription", "")
                faults.append(f"{name}: {fault}. {text}".rstrip(" "))
        elif "Default" not in parameter:
            faults.append(f"{name} has to be given")
    return faults


def failed_rules(template: Template, parameters: Mapping[str, str]) -> list[str]:
    """The text of every rule's assertion that does not hold for these answers."""
    renderer = _Renderer(template, parameters, {})
    return [
        assertion["AssertDescription"]
        for rule in template.get("Rules", {}).values()
        if renderer.truth(rule.get("RuleCondition", True))
        for assertion in rule["Assertions"]
        if not renderer.truth(assertion["Assert"])
    ]


def _pseudo_parameters(region: str, account: str, stack_name: str) -> dict[str, Any]:
    stack_id = (
        f"arn:aws:cloudformation:{region}:{account}:stack/{stack_name}/"
        "00000000-0000-0000-0000-000000000000"
    )
    return {
        "AWS::AccountId": account,
        "AWS::NotificationARNs": [],
        "AWS::NoValue": _NOTHING,
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def _value_fault(parameter: Mapping[str, Any], value: str) -> str:
    """What is wrong with an answer; empty where nothing is."""
    allowed = [str(item) for item in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"{value!r} is none of {', '.join(allowed)}"
    pattern = parameter.get("AllowedPattern")
    # A Java pattern, and over the whole value; Java's \\d and \\w know ASCII alone.
    if pattern is not None and not re.fullmatch(pattern, value, re.ASCII):
        return f"{value!r} does not match {pattern}"
    # Java counts in units of 16 bits, of which an elephant is two.
    length = len(value.encode("utf-16-le", "surrogatepass")) // 2
    if not int(parameter.get("MinLength", 0)) <= length:
        return f"{value!r} is shorter than {parameter['MinLength']}"
    if length > int(parameter.get("MaxLength", 4096)):
        return f"{value!r} is longer than {parameter.get('MaxLength', 4096)}"
    return ""


class _Renderer:
    """One rendering: the answers, the conditions that they decide, and the functions."""

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, str],
        attributes: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.template = template
        self.attributes = attributes
        self.pseudo: dict[str, Any] = {}
        self.parameters = {
            name: str(parameters.get(name, parameter.get("Default", "")))
            for name, parameter in template.get("Parameters", {}).items()
        }
        self.conditions: dict[str, bool] = {}
        self.place = "template"

    def rendered(self) -> Rendered:
        resources = self._present("Resources")
        outputs = self._present("Outputs")
        return Rendered(
            parameters=self.parameters,
            conditions={name: self.condition(name) for name in self.template.get("Conditions", {})},
            resources={title: self._resource(title, body) for title, body in resources.items()},
            outputs={name: self._at(name, body["Value"]) for name, body in outputs.items()},
        )

    def truth(self, expression: Any) -> bool:
        """The truth of a condition's or a rule's expression."""
        return expression is True or self.value(expression) is True

    def condition(self, name: str) -> bool:
        """Whether a named condition holds."""
        if name not in self.conditions:
            declared = self.template.get("Conditions", {})
            if name not in declared:
                raise RenderError(f"{self.place} refers to a condition {name} that is not there")
            self.conditions[name] = self.truth(declared[name])
        return self.conditions[name]

    def value(self, node: Any) -> Any:
        """A node of the template with its functions evaluated."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not _NOTHING]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise RenderError(f"{self.place} uses {name}, which is not known here")
        values = {key: self.value(child) for key, child in node.items()}
        return {key: value for key, value in values.items() if value is not _NOTHING}

    def reference(self, name: str) -> Any:
        """What ``Ref`` gives for a parameter, a pseudo parameter or a resource."""
        if name in self.parameters:
            kind = self.template["Parameters"][name]["Type"]
            value = self.parameters[name]
            return value.split(",") if kind.startswith(("List<", "CommaDelimited")) else value
        if name in self.pseudo:
            return self.pseudo[name]
        self._require(name)
        return self.attributes.get(name, {}).get("Ref", name)

    def attribute(self, title: str, name: str) -> Any:
        """What ``Fn::GetAtt`` gives."""
        self._require(title)
        return self.attributes.get(title, {}).get(name, f"{title}.{name}")

    def _require(self, title: str) -> None:
        """Refuse a reference to a resource that is unknown, or absent under these answers."""
        resource = self.template.get("Resources", {}).get(title)
        if resource is None:
            raise RenderError(f"{self.place} refers to {title}, which is not in the template")
        if "Condition" in resource and not self.condition(resource["Condition"]):
            raise RenderError(f"{self.place} refers to {title}, which is not made here")

    def _present(self, section: str) -> dict[str, Any]:
        """The entries of a section whose condition holds."""
        present = {}
        for name, body in self.template.get(section, {}).items():
            self.place = name
            if "Condition" not in body or self.condition(body["Condition"]):
                present[name] = body
        return present

    def _resource(self, title: str, body: Mapping[str, Any]) -> dict[str, Any]:
        waits = body.get("DependsOn", [])
        for other in [waits] if isinstance(waits, str) else waits:
            # An absent one is no fault: CloudFormation does not wait for it.
            if other not in self.template["Resources"]:
                raise RenderError(f"{title} waits for {other}, which is not in the template")
        plain = {key: value for key, value in body.items() if key not in ("Condition", "DependsOn")}
        rendered: dict[str, Any] = self._at(title, plain)
        return rendered

    def _at(self, place: str, node: Any) -> Any:
        self.place = place
        return self.value(node)


def _get_att(renderer: _Renderer, argument: Any) -> Any:
    title, name = argument.split(".", 1) if isinstance(argument, str) else argument
    return renderer.attribute(title, name)


def _sub(renderer: _Renderer, argument: Any) -> str:
    text, values = (argument, {}) if isinstance(argument, str) else argument
    own = {name: renderer.value(value) for name, value in values.items()}

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("!"):
            return f"${{{name[1:]}}}"
        if name in own:
            return str(own[name])
        return str(_get_att(renderer, name) if "." in name else renderer.reference(name))

    return re.sub(r"\$\{([^}]+)\}", fill, text)


def _join(renderer: _Renderer, argument: Any) -> str:
    return str(argument[0]).join(str(item) for item in renderer.value(argument[1]))


def _split(renderer: _Renderer, argument: Any) -> list[str]:
    return str(renderer.value(argument[1])).split(argument[0])


def _select(renderer: _Renderer, argument: Any) -> Any:
    return renderer.value(argument[1])[int(renderer.value(argument[0]))]


def _if(renderer: _Renderer, argument: Any) -> Any:
    name, then, otherwise = argument
    return renderer.value(then if renderer.condition(name) else otherwise)


def _equals(renderer: _Renderer, argument: Any) -> bool:
    one, other = renderer.value(argument)
    return str(one) == str(other)


def _contains(renderer: _Renderer, argument: Any) -> bool:
    values, value = renderer.value(argument)
    return value in values


def _find_in_map(renderer: _Renderer, argument: Any) -> Any:
    name, first, second = renderer.value(argument)
    try:
        return renderer.template["Mappings"][name][first][second]
    except KeyError as error:
        raise RenderError(f"{renderer.place}: the map {name} has no {error.args[0]}") from error


def _zones(renderer: _Renderer, argument: Any) -> list[str]:
    region = renderer.value(argument) or renderer.pseudo["AWS::Region"]
    return [f"{region}{letter}" for letter in "abc"]


def _base64(renderer: _Renderer, argument: Any) -> str:
    return base64.b64encode(str(renderer.value(argument)).encode()).decode()


def _cidr(renderer: _Renderer, argument: Any) -> list[str]:
    block, count, bits = renderer.value(argument)
    try:
        network = ipaddress.ip_network(block)
    except ValueError:
        return [f"{block}.{index}" for index in range(int(count))]
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


_FUNCTIONS: dict[str, Callable[[_Renderer, Any], Any]] = {
    "Condition": lambda renderer, name: renderer.condition(name),
    "Fn::And": lambda renderer, parts: all(map(renderer.truth, parts)),
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::Contains": _contains,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAZs": _zones,
    "Fn::GetAtt": _get_att,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::Not": lambda renderer, parts: not renderer.truth(parts[0]),
    "Fn::Or": lambda renderer, parts: any(map(renderer.truth, parts)),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Ref": lambda renderer, name: renderer.reference(name),
}
