"""Mail is known to be the domain's own: SES may send it, and gets back what bounces."""

from __future__ import annotations

from ..answers import CHOICES
from .breaking import Mutation, change, resource
from .reading import EVERYTHING, Template, properties, record, rendered, told_to_the_pod


def test_ses_proves_the_mail_domain_by_its_three_keys(template: Template) -> None:
    assert properties(template, "MailIdentity", EVERYTHING)["EmailIdentity"] == "example.org"
    for number in "123":
        assert record(template, f"DkimRecord{number}") == (
            f"MailIdentity.DkimDNSTokenName{number}",
            "CNAME",
            [f"MailIdentity.DkimDNSTokenValue{number}"],
        )


def test_bounces_go_to_ses_and_ses_may_send(template: Template) -> None:
    # Both as the developer guide of SES gives them for a custom MAIL FROM domain.
    choice = CHOICES["mail with identity and MAIL FROM"]
    assert properties(template, "MailIdentity", choice)["MailFromAttributes"] == {
        "MailFromDomain": "bounce.example.org",
        # A record that is missing delays no mail.
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    }
    assert record(template, "MailFromMxRecord") == (
        "bounce.example.org",
        "MX",
        ["10 feedback-smtp.eu-west-1.amazonses.com"],
    )
    assert record(template, "MailFromSpfRecord") == (
        "bounce.example.org",
        "TXT",
        ['"v=spf1 include:amazonses.com ~all"'],
    )


def test_without_a_mail_from_domain_ses_uses_its_own(template: Template) -> None:
    identity = rendered(template, CHOICES["mail with identity"]).resources["MailIdentity"]
    assert identity["Properties"] == {"EmailIdentity": "example.org"}


def test_a_dmarc_policy_stands_where_receivers_look_and_asks_nothing_harsh(
    template: Template,
) -> None:
    assert record(template, "DmarcRecord") == (
        "_dmarc.example.org",
        "TXT",
        ['"v=DMARC1; p=none;"'],
    )


def test_mail_comes_from_the_mail_domain_whatever_is_answered(template: Template) -> None:
    choice = CHOICES["mail with identity and MAIL FROM"]
    sender = told_to_the_pod(template, "mail_sender_address", choice)
    resources = rendered(template, choice).resources
    identity = resources["MailIdentity"]["Properties"]
    bounces = identity["MailFromAttributes"]["MailFromDomain"]
    assert sender == f"no-reply@{identity['EmailIdentity']}"
    assert bounces == f"bounce.{identity['EmailIdentity']}"
    for title in ("MailFromMxRecord", "MailFromSpfRecord"):
        assert resources[title]["Properties"]["Name"] == bounces


def test_a_pod_that_sends_no_mail_is_told_no_sender(template: Template) -> None:
    assert told_to_the_pod(template, "mail_sender_address") == ""


MUTATIONS: dict[str, Mutation] = {
    "mail_comes_from_the_mail_domain_whatever_is_answered": change(
        "MailFromMxRecord", "Name", to={"Ref": "MailFromDomain"}
    ),
    "a_pod_that_sends_no_mail_is_told_no_sender": lambda template: resource(
        template, "PodLaunchTemplate"
    )["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"][1].__setitem__(
        "MailSenderAddress", {"Fn::Base64": {"Fn::Sub": "${MailSenderAddress}@${MailDomain}"}}
    ),
    "ses_proves_the_mail_domain_by_its_three_keys": change(
        "DkimRecord2",
        "ResourceRecords",
        to=[{"Fn::GetAtt": ["MailIdentity", "DkimDNSTokenValue1"]}],
    ),
    "bounces_go_to_ses_and_ses_may_send": change(
        "MailFromSpfRecord", "ResourceRecords", to=['"v=spf1 ~all"']
    ),
    "without_a_mail_from_domain_ses_uses_its_own": change(
        "MailIdentity", "MailFromAttributes", to={"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"}
    ),
    "a_dmarc_policy_stands_where_receivers_look_and_asks_nothing_harsh": change(
        "DmarcRecord", "ResourceRecords", to=['"v=DMARC1; p=reject;"']
    ),
}
