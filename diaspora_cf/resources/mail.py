"""The mail domain's identity at SES and its records, where the stack is asked to make them."""

from __future__ import annotations

from troposphere import GetAtt, Sub
from troposphere.route53 import RecordSetType
from troposphere.ses import EmailIdentity, MailFromAttributes

from ..parameters.essentials import HOSTED_ZONE_ID
from ..parameters.mail import (
    MAIL_DOMAIN,
    MAKES_DMARC,
    MAKES_IDENTITY,
    MAKES_MAIL_FROM,
)
from ..template.question import Condition
from ..template.stack import Stack


def add_mail(stack: Stack) -> None:
    """Add identity, DKIM, MAIL FROM and DMARC, each under its own condition."""
    identity = stack.add(
        EmailIdentity(
            "MailIdentity",
            Condition=stack.when(MAKES_IDENTITY),
            EmailIdentity=MAIL_DOMAIN.ref,
            MailFromAttributes=stack.choose(
                MAKES_MAIL_FROM,
                MailFromAttributes(
                    MailFromDomain=_mail_from_domain(),
                    # A record that is missing delays no mail.
                    BehaviorOnMxFailure="USE_DEFAULT_VALUE",
                ),
            ),
        )
    )
    for number in (1, 2, 3):
        _add_record(
            stack,
            f"DkimRecord{number}",
            MAKES_IDENTITY,
            GetAtt(identity, f"DkimDNSTokenName{number}"),
            "CNAME",
            GetAtt(identity, f"DkimDNSTokenValue{number}"),
        )
    _add_record(
        stack,
        "MailFromMxRecord",
        MAKES_MAIL_FROM,
        _mail_from_domain(),
        "MX",
        Sub("10 feedback-smtp.${AWS::Region}.amazonses.com"),
    )
    _add_record(
        stack,
        "MailFromSpfRecord",
        MAKES_MAIL_FROM,
        _mail_from_domain(),
        "TXT",
        '"v=spf1 include:amazonses.com ~all"',
    )
    _add_record(
        stack,
        "DmarcRecord",
        MAKES_DMARC,
        Sub("_dmarc.${MailDomain}"),
        "TXT",
        '"v=DMARC1; p=none;"',
    )


def _mail_from_domain() -> Sub:
    """A subdomain of the mail domain: SES refuses every other."""
    return Sub("${MailFromDomain}.${MailDomain}")


def _add_record(
    stack: Stack, title: str, condition: Condition, name: object, kind: str, value: object
) -> None:
    stack.add(
        RecordSetType(
            title,
            Condition=stack.when(condition),
            HostedZoneId=HOSTED_ZONE_ID.ref,
            Name=name,
            Type=kind,
            TTL="3600",
            ResourceRecords=[value],
        )
    )
