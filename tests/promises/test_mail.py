"""Records for mail."""

from __future__ import annotations

from ..answers import CHOICES, HOSTED, IDENTITY, MAIL
from .breaking import Mutation, attribute, change, resource
from .reading import Template, rendered, told_to_the_pod


def test_mail_records_are_made_only_where_they_are_asked_for(template: Template) -> None:
    def records(choice: dict[str, str]) -> set[str]:
        return {title for title in rendered(template, choice).resources if title in _MAIL_RECORDS}

    assert records({**HOSTED, **MAIL}) == set()
    assert records({**HOSTED, **IDENTITY}) == {"DkimRecord1", "DkimRecord2", "DkimRecord3"}
    assert records(CHOICES["mail with DMARC"]) == {"DmarcRecord"}
    with_mail_from = records(CHOICES["mail with identity and MAIL FROM"])
    assert with_mail_from == set(_MAIL_RECORDS) - {"DmarcRecord"}


def test_mail_comes_from_the_mail_domain_whatever_is_answered(template: Template) -> None:
    choice = CHOICES["mail with identity and MAIL FROM"]
    sender = told_to_the_pod(template, "mail_sender_address", choice)
    resources = rendered(template, choice).resources
    identity = resources["MailIdentity"]["Properties"]
    bounces = identity["MailFromAttributes"]["MailFromDomain"]
    assert sender == f"no-reply@{identity['EmailIdentity']}"
    assert bounces == f"bounce.{identity['EmailIdentity']}"
    for record in ("MailFromMxRecord", "MailFromSpfRecord"):
        assert resources[record]["Properties"]["Name"] == bounces


def test_a_pod_that_sends_no_mail_is_told_no_sender(template: Template) -> None:
    assert told_to_the_pod(template, "mail_sender_address") == ""


_MAIL_RECORDS = (
    "DkimRecord1",
    "DkimRecord2",
    "DkimRecord3",
    "MailFromMxRecord",
    "MailFromSpfRecord",
    "DmarcRecord",
)


MUTATIONS: dict[str, Mutation] = {
    "mail_comes_from_the_mail_domain_whatever_is_answered": change(
        "MailFromMxRecord", "Name", to={"Ref": "MailFromDomain"}
    ),
    "a_pod_that_sends_no_mail_is_told_no_sender": lambda template: resource(
        template, "PodLaunchTemplate"
    )["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"][1].__setitem__(
        "MailSenderAddress", {"Fn::Base64": {"Fn::Sub": "${MailSenderAddress}@${MailDomain}"}}
    ),
    "mail_records_are_made_only_where_they_are_asked_for": attribute(
        "DmarcRecord", "Condition", "MakesMailFrom"
    ),
}
