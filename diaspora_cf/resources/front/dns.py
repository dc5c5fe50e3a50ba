"""The domain's records, where its zone is hosted in Route 53."""

from __future__ import annotations

from troposphere.route53 import AliasTarget, RecordSetType

from ...parameters.essentials import DOMAIN_NAME, HOSTED_ZONE_ID, MAKES_RECORDS
from ...template.stack import Stack
from . import Front


def add_records(stack: Stack, front: Front) -> None:
    """Add an alias for each address family; an alias works for a bare domain, and is free."""
    for kind, title in (("A", "DomainRecordIpv4"), ("AAAA", "DomainRecordIpv6")):
        stack.add(
            RecordSetType(
                title,
                Condition=stack.when(MAKES_RECORDS),
                HostedZoneId=HOSTED_ZONE_ID.ref,
                Name=DOMAIN_NAME.ref,
                Type=kind,
                AliasTarget=AliasTarget(
                    DNSName=front.target,
                    HostedZoneId=front.zone,
                    EvaluateTargetHealth=False,
                ),
            )
        )
