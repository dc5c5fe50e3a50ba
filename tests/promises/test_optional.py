"""What is there only for an answer, and what an answer leaves out."""

from __future__ import annotations

from ..answers import CHOICES, HOSTED
from .breaking import Mutation, unguard
from .reading import EVERYTHING, Template

_RECORDS = "DomainRecordIpv4 DomainRecordIpv6"
_DOMAIN = f"CustomDomain CustomDomainMapping {_RECORDS}"
_DKIM = "MailIdentity DkimRecord1 DkimRecord2 DkimRecord3"
_BUCKET = "AssetsBucket AssetsBucketPolicy"
_CLUSTER = "DatabaseCluster DatabaseWriter DatabaseParameterGroup DatabaseAwakeAlarm"
_INSTANCE = "DatabaseInstance DatabaseInstanceParameterGroup DatabaseCreditsAlarm"
_POD = (
    "PodInstance DiscoveryInstance RecoveryAlarm RebootAlarm SurplusCreditsAlarm FrontErrorAlarm "
    "AdminCommand ShellCommand RunInConsole"
)
_NO_AGENT = "ShellCommand RunInConsole RunStatus RunDoctor RunAdmin RunSupportBundle"
_ENDPOINT = "ConnectEndpoint ConnectEndpointSecurityGroup SshFromConnectEndpoint"

# For each choice: what it adds to a pod with a hosted zone, and what it takes from it.
DIFFERENCES = {
    "hosted": ("", ""),
    "foreign": ("DnsRecord", f"Certificate {_RECORDS}"),
    "hosted with a certificate of its own": ("", "Certificate"),
    "second stack, hosted": ("", _DOMAIN),
    "second stack, foreign": ("", f"Certificate {_DOMAIN}"),
    "mail": ("BounceAlarm DnsRecord", f"Certificate {_RECORDS}"),
    "mail with identity": (f"BounceAlarm {_DKIM}", ""),
    "mail with identity and MAIL FROM": (
        f"BounceAlarm {_DKIM} MailFromMxRecord MailFromSpfRecord",
        "",
    ),
    "mail with DMARC": ("BounceAlarm DmarcRecord", ""),
    "second stack with mail": ("BounceAlarm", _DOMAIN),
    "shell by Instance Connect Endpoint": (f"{_ENDPOINT} SshCommand", _NO_AGENT),
    "shell from the VPC with a key": ("SshFromVpc", _NO_AGENT),
    "named bucket": ("", ""),
    "existing bucket": ("", _BUCKET),
    "restore": ("", f"{_BUCKET} {_DOMAIN}"),
    # The front answers errors meanwhile, which is meant: its alarm goes too.
    "offline": ("", _POD),
    "offline with shell": (_ENDPOINT, f"{_POD} {_NO_AGENT}"),
    "no budget": ("", "Budget"),
    "standard credits": ("", "SurplusCreditsAlarm"),
    "never asleep": ("", "DatabaseAwakeAlarm"),
    "nothing waits": ("", "DatabaseAwakeAlarm"),
    "rds instance": (_INSTANCE, _CLUSTER),
    "large rds instance": (_INSTANCE, _CLUSTER),
    "restored rds instance": (_INSTANCE, f"{_CLUSTER} {_BUCKET} {_DOMAIN}"),
    "protected": ("", ""),
    "chosen zones": ("", ""),
    "names of secrets without a slash": ("", ""),
    "everything": (
        (
            f"BounceAlarm {_DKIM} MailFromMxRecord MailFromSpfRecord DmarcRecord {_ENDPOINT} "
            "SshCommand"
        ),
        _NO_AGENT,
    ),
}


def test_an_answer_makes_and_leaves_out_what_it_is_about_and_nothing_else(
    template: Template,
) -> None:
    usual = names(template, HOSTED)
    found = {
        label: (names(template, choice) - usual, usual - names(template, choice))
        for label, choice in {**CHOICES, "everything": EVERYTHING}.items()
    }
    assert found == {
        label: (set(made.split()), set(left_out.split()))
        for label, (made, left_out) in DIFFERENCES.items()
    }


def names(template: Template, choice: dict[str, str]) -> set[str]:
    """Everything that is made and shown for these answers."""
    rendered = template.rendered(choice)
    return set(rendered.resources) | set(rendered.outputs)


MUTATIONS: dict[str, Mutation] = {
    "an_answer_makes_and_leaves_out_what_it_is_about_and_nothing_else": unguard("Budget"),
}
