"""How the promises read the built template."""

from __future__ import annotations

import base64
import re
from typing import Any

from diaspora_cf.template.rendering import Rendered, render

from ..answers import HOSTED, IDENTITY, INSTANCE

OPEN = ("0.0.0.0/0", "::/0")
POD_ROLE = "PodRole"

# Everything that can be had at once, and every text unlike all others.
EVERYTHING = {
    **HOSTED,
    **IDENTITY,
    "PodName": "a pod",
    "EnableRegistration": "true",
    "InvitationsOpen": "false",
    "AdminAccount": "alice",
    "MailFromDomain": "bounce",
    "CreateDmarcRecord": "yes",
    "MailUsernameKey": "/mail/user",
    "MailUsernameVersion": "2",
    "MailPasswordKey": "/mail/password",
    "MailPasswordVersion": "3",
    "MonthlyBudget": "35",
    "PodInstanceType": "t4g.small",
    "PodDiskSize": "30",
    "SshAccess": "instance-connect-endpoint",
    "AutomaticReboot": "no",
    "PodKeyName": "my laptop",
    "DatabaseUsernameKey": "/database/user",
    "DatabaseUsernameVersion": "4",
    "DatabasePasswordKey": "/database/password",
    "DatabasePasswordVersion": "5",
    "AssetsBucketName": "my-pod-photos",
    "SecretsPath": "/diaspora/my-pod",
    "LogRetentionDays": "90",
}


# What holds the data, and the answers that make it: one for each kind of database.
DATABASES = {"DatabaseCluster": HOSTED, "DatabaseInstance": INSTANCE}


class Template(dict[str, Any]):
    """A template in long form, which is rendered once for a set of answers: read it, then."""

    def __init__(self, sections: dict[str, Any]) -> None:
        super().__init__(sections)
        self._rendered: dict[frozenset[tuple[str, str]], Rendered] = {}

    def rendered(self, answers: dict[str, str]) -> Rendered:
        """What CloudFormation would make of it."""
        key = frozenset(answers.items())
        if key not in self._rendered:
            self._rendered[key] = render(self, answers)
        return self._rendered[key]


def rendered(template: Template, choice: dict[str, str] | None = None) -> Rendered:
    return template.rendered(HOSTED if choice is None else choice)


def properties(template: Template, title: str, choice: dict[str, str] | None = None) -> Any:
    return rendered(template, choice).resources[title]["Properties"]


def databases(template: Template, more: dict[str, str] | None = None) -> dict[str, Any]:
    """The properties of a database of each kind, by its id, with these answers beside its own."""
    return {
        title: properties(template, title, {**choice, **(more or {})})
        for title, choice in DATABASES.items()
    }


def record(template: Template, title: str) -> tuple[str, str, Any]:
    """Name, type and value of a record, where all records are made."""
    found = properties(template, title, EVERYTHING)
    return found["Name"], found["Type"], found.get("ResourceRecords", found.get("AliasTarget"))


def of_type(template: Template, kind: str) -> dict[str, Any]:
    found = {
        title: resource
        for title, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    # No AssertionError, which would be taken for a promise that can fail.
    if not found:
        raise LookupError(f"the template has no {kind}")
    return found


def told_to_the_pod(template: Template, key: str, choice: dict[str, str] | None = None) -> str:
    """One of the settings in the user data, as it arrives at the pod."""
    data = properties(template, "PodLaunchTemplate", choice)["LaunchTemplateData"]["UserData"]
    (value,) = re.findall(f'^    "{key}": "(.*)",$', base64.b64decode(data).decode(), re.MULTILINE)
    return base64.b64decode(value).decode()


def needed_by(template: Template, title: str, choice: dict[str, str] | None = None) -> set[str]:
    """All resources that exist before this one: what it refers to or waits for, and so on."""
    made = rendered(template, choice)
    found: set[str] = set()
    waiting = [title]
    while waiting:
        body = template["Resources"][waiting.pop()]
        for name in referred(body, made.conditions) & set(made.resources):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


def referred(node: Any, holds: dict[str, bool]) -> set[str]:
    """The names that a part of a template refers to, in whatever way, under these conditions."""
    if isinstance(node, list):
        return {name for item in node for name in referred(item, holds)}
    if not isinstance(node, dict):
        return set()
    if "Fn::If" in node:
        condition, then, otherwise = node["Fn::If"]
        return referred(then if holds[condition] else otherwise, holds)
    names = {name for value in node.values() for name in referred(value, holds)}
    names |= {node["Ref"]} if "Ref" in node else set()
    names |= {node["Fn::GetAtt"][0]} if "Fn::GetAtt" in node else set()
    if "Fn::Sub" in node:
        text = node["Fn::Sub"] if isinstance(node["Fn::Sub"], str) else node["Fn::Sub"][0]
        names |= {match.split(".")[0] for match in re.findall(r"\$\{([^!}]+)\}", text)}
    waits = node.get("DependsOn", [])
    return names | set([waits] if isinstance(waits, str) else waits)
