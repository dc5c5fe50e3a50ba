"""What every IAM document here has in common."""

from __future__ import annotations

from awacs.aws import Action, PolicyDocument, Principal, Statement
from awacs.sts import AssumeRole
from troposphere.iam import Policy


def document(*statements: Statement) -> PolicyDocument:
    """A policy document; awacs would accept one without a version, AWS reads that as of 2008."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def allow(sid: str, actions: list[Action], *resources: object, **more: object) -> Statement:
    """A statement that allows these actions on these resources."""
    return Statement(Sid=sid, Effect="Allow", Action=actions, Resource=list(resources), **more)


def deny(sid: str, actions: list[Action], *resources: object, **more: object) -> Statement:
    """A statement that denies these actions on these resources, whatever else allows them."""
    return Statement(Sid=sid, Effect="Deny", Action=actions, Resource=list(resources), **more)


def trust(service: str) -> PolicyDocument:
    """The document that lets an AWS service take on a role."""
    return document(
        Statement(Effect="Allow", Action=[AssumeRole], Principal=Principal("Service", [service]))
    )


def inline(name: str, *statements: Statement) -> Policy:
    """A policy inside a role: it is there before anything that refers to the role."""
    return Policy(PolicyName=name, PolicyDocument=document(*statements))
