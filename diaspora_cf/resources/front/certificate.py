"""The certificate of the domain: made here where the zone is hosted, else brought along."""

from __future__ import annotations

from troposphere import If, Ref
from troposphere.certificatemanager import Certificate, DomainValidationOption

from ...parameters.essentials import (
    CERTIFICATE_ARN,
    DOMAIN_NAME,
    HOSTED_ZONE_ID,
    MAKES_CERTIFICATE,
)
from ...template.stack import Stack


def add_certificate(stack: Stack) -> If:
    """Add a certificate that validates itself in the hosted zone; returns the ARN to use.

    It does not ask who owns the domain: a second stack has its own ready before it takes over.
    Without a hosted zone none is made, because the creation would wait for a DNS record that no
    output can show before it ends.
    """
    certificate = stack.add(
        Certificate(
            "Certificate",
            Condition=stack.when(MAKES_CERTIFICATE),
            DomainName=DOMAIN_NAME.ref,
            ValidationMethod="DNS",
            DomainValidationOptions=[
                DomainValidationOption(DomainName=DOMAIN_NAME.ref, HostedZoneId=HOSTED_ZONE_ID.ref)
            ],
        )
    )
    return stack.choose(MAKES_CERTIFICATE, Ref(certificate), CERTIFICATE_ARN.ref)
