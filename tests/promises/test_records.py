"""The domain's records lead to the front, and all records can be put right."""

from __future__ import annotations

from ..answers import HOSTED
from .breaking import Mutation, change
from .reading import EVERYTHING, Template, of_type, properties, record


def test_the_domain_leads_to_the_front_over_ipv4_and_ipv6(template: Template) -> None:
    front = {
        "DNSName": "CustomDomain.RegionalDomainName",
        "HostedZoneId": "CustomDomain.RegionalHostedZoneId",
        # The front has no health check of Route 53's.
        "EvaluateTargetHealth": False,
    }
    assert record(template, "DomainRecordIpv4") == ("pod.example.org", "A", front)
    assert record(template, "DomainRecordIpv6") == ("pod.example.org", "AAAA", front)


def test_every_record_is_made_in_the_zone_that_was_named(template: Template) -> None:
    zones = {
        properties(template, title, EVERYTHING)["HostedZoneId"]
        for title in of_type(template, "AWS::Route53::RecordSet")
    }
    assert zones == {HOSTED["HostedZoneId"]}


def test_a_wrong_record_is_forgotten_within_the_hour(template: Template) -> None:
    lives = [
        int(properties(template, title, EVERYTHING).get("TTL", 60))
        for title in of_type(template, "AWS::Route53::RecordSet")
    ]
    assert 60 <= min(lives) <= max(lives) <= 60 * 60


MUTATIONS: dict[str, Mutation] = {
    "the_domain_leads_to_the_front_over_ipv4_and_ipv6": change(
        "DomainRecordIpv6", "Name", to={"Ref": "MailDomain"}
    ),
    "every_record_is_made_in_the_zone_that_was_named": change(
        "DkimRecord2", "HostedZoneId", to="Z1"
    ),
    "a_wrong_record_is_forgotten_within_the_hour": change("DmarcRecord", "TTL", to="86400"),
}
