"""Combinations of answers that cannot work, told before anything is created.

A rule can compare parameters with literals and with each other, and nothing more: no numbers,
no patterns, no conditions, no maps.
"""

from __future__ import annotations

from typing import Any

from ..template.question import Question
from .database import DATABASE_KIND, DATABASE_MIN_CAPACITY, FEDERATION_PATIENCE
from .essentials import CERTIFICATE_ARN, HOSTED_ZONE_ID, OWNS_DOMAIN
from .expert import AVAILABILITY_ZONE_1, AVAILABILITY_ZONE_2
from .machine import POD_DISK_SIZE, POD_INSTANCE_TYPE, POD_KEY_NAME, SSH_ACCESS
from .mail import (
    CREATE_DMARC_RECORD,
    CREATE_MAIL_IDENTITY,
    MAIL_DOMAIN,
    MAIL_ENABLED,
    MAIL_FROM_DOMAIN,
)
from .money import MONTHLY_BUDGET
from .moving import ASSETS_BUCKET_NAME, EXISTING_BUCKET_NAME

Expression = dict[str, Any]


def _is(question: Question, answer: str) -> Expression:
    return {"Fn::Equals": [{"Ref": question.name}, answer]}


def _is_one_of(question: Question, *answers: str) -> Expression:
    return {"Fn::Contains": [list(answers), {"Ref": question.name}]}


def _is_left(question: Question) -> Expression:
    """Whether the answer is the one that was there."""
    return _is(question, str(question.default))


def _same(one: Question, other: Question) -> Expression:
    return {"Fn::Equals": [{"Ref": one.name}, {"Ref": other.name}]}


def _not(expression: Expression) -> Expression:
    return {"Fn::Not": [expression]}


def _given(question: Question) -> Expression:
    return _not(_is(question, ""))


def _both(*expressions: Expression) -> Expression:
    return {"Fn::And": list(expressions)}


def _rule(text: str, assertion: Expression, when: Expression | None = None) -> Expression:
    rule: Expression = {} if when is None else {"RuleCondition": when}
    return {**rule, "Assertions": [{"Assert": assertion, "AssertDescription": text}]}


def low_cost_rules() -> dict[str, Expression]:
    """The rules of the low cost stack by name."""
    return {
        "CertificateForForeignDomain": _rule(
            "Give a HostedZoneId, or the CertificateArn of an issued certificate: without a "
            "hosted zone the stack cannot make one. The README shows how to request it.",
            _given(CERTIFICATE_ARN),
            when=_both(_is(OWNS_DOMAIN, "yes"), _is(HOSTED_ZONE_ID, "")),
        ),
        "DomainForMail": _rule(
            "Mail is on: give MailDomain, or set MailEnabled to false.",
            _given(MAIL_DOMAIN),
            when=_is(MAIL_ENABLED, "true"),
        ),
        "ZoneForMailIdentity": _rule(
            "CreateMailIdentity makes records: give HostedZoneId and MailDomain, or choose no and "
            "verify the domain in the SES console.",
            _both(_given(HOSTED_ZONE_ID), _given(MAIL_DOMAIN)),
            when=_is(CREATE_MAIL_IDENTITY, "yes"),
        ),
        "ZoneForDmarc": _rule(
            "CreateDmarcRecord makes a record: give HostedZoneId and MailDomain, or choose no.",
            _both(_given(HOSTED_ZONE_ID), _given(MAIL_DOMAIN)),
            when=_is(CREATE_DMARC_RECORD, "yes"),
        ),
        "IdentityForMailFrom": _rule(
            "MailFromDomain belongs to an identity that the stack makes, with records in its "
            "hosted zone: set CreateMailIdentity to yes, or leave MailFromDomain empty.",
            _is(CREATE_MAIL_IDENTITY, "yes"),
            when=_given(MAIL_FROM_DOMAIN),
        ),
        "BothZonesOrNone": _rule(
            "Give AvailabilityZone1 and AvailabilityZone2, or neither.",
            {
                "Fn::Or": [
                    _both(_is(AVAILABILITY_ZONE_1, ""), _is(AVAILABILITY_ZONE_2, "")),
                    _both(_given(AVAILABILITY_ZONE_1), _given(AVAILABILITY_ZONE_2)),
                ]
            },
        ),
        "DifferentZones": _rule(
            "AvailabilityZone1 and AvailabilityZone2 must be two different zones.",
            _not(_same(AVAILABILITY_ZONE_1, AVAILABILITY_ZONE_2)),
            when=_given(AVAILABILITY_ZONE_1),
        ),
        "OneBucket": _rule(
            "Give AssetsBucketName for a new bucket or ExistingBucketName for one that is there, "
            "not both.",
            _is(ASSETS_BUCKET_NAME, ""),
            when=_given(EXISTING_BUCKET_NAME),
        ),
        "KeyNeedsSsh": _rule(
            "PodKeyName has no use with session-manager, which opens no port: choose another "
            "SshAccess, or leave PodKeyName empty.",
            _not(_is(SSH_ACCESS, "session-manager")),
            when=_given(POD_KEY_NAME),
        ),
        # A test holds with the bill which answers are sure to reach the first mail.
        "BudgetForDearerAnswers": _rule(
            "With another kind of database, one that sleeps less, or a larger machine or disk, AWS "
            f"would mail you every month about MonthlyBudget's {MONTHLY_BUDGET.default} dollars: "
            "enter what a month may cost (the README says what to expect), or 0 for no budget.",
            _both(
                _is_left(DATABASE_KIND),
                _is_left(DATABASE_MIN_CAPACITY),
                _is_one_of(FEDERATION_PATIENCE, "120", "240", "480"),
                _is_one_of(POD_INSTANCE_TYPE, "t3a.micro", "t4g.micro"),
                _is_one_of(POD_DISK_SIZE, "8", "10", "12", "16"),
            ),
            when=_is_left(MONTHLY_BUDGET),
        ),
    }
