"""The front's parts fit together: one API, one domain, one way to the pod."""

from __future__ import annotations

from typing import Any

from ..answers import CHOICES, HOSTED
from .breaking import Mutation, change
from .reading import EVERYTHING, Template, properties, rendered


def test_all_parts_of_the_front_belong_to_one_api(template: Template) -> None:
    made = rendered(template, EVERYTHING).resources
    parts = {
        title: found["Properties"]["ApiId"]
        for title, found in made.items()
        if "ApiId" in found.get("Properties", {})
    }
    assert len(parts) >= 4
    assert set(parts.values()) == {"HttpApi"}


def test_the_route_leads_to_the_pod_and_the_domain_to_the_route(template: Template) -> None:
    assert properties(template, "DefaultRoute")["Target"] == "integrations/PodIntegration"
    mapping = properties(template, "CustomDomainMapping")
    assert (mapping["DomainName"], mapping["Stage"]) == ("CustomDomain", "DefaultStage")


def test_every_request_is_passed_on_as_it_is_for_as_long_as_aws_allows(
    template: Template,
) -> None:
    assert properties(template, "HttpApi")["ProtocolType"] == "HTTP"
    integration = properties(template, "PodIntegration")
    assert integration["IntegrationType"] == "HTTP_PROXY"
    assert integration["IntegrationMethod"] == "ANY"
    # The quota of HTTP APIs; nginx on the pod answers before.
    assert integration["TimeoutInMillis"] == 30_000


def test_no_page_of_another_site_may_read_answers(template: Template) -> None:
    # diaspora* says itself which of its addresses others may ask; the front adds nothing.
    assert "CorsConfiguration" not in properties(template, "HttpApi")


def test_a_change_of_the_front_is_live_at_once(template: Template) -> None:
    assert properties(template, "DefaultStage")["AutoDeploy"] is True


def test_the_front_is_reached_over_ipv4_and_ipv6(template: Template) -> None:
    # An HTTP API's domain is of its region, or CloudFormation refuses it.
    assert domain(template, HOSTED)["EndpointType"] == "REGIONAL"
    assert properties(template, "HttpApi")["IpAddressType"] == "dualstack"
    assert domain(template, HOSTED)["IpAddressType"] == "dualstack"


def test_the_front_finds_the_pod_in_the_stacks_own_namespace(template: Template) -> None:
    service = properties(template, "DiscoveryService")
    assert (service["NamespaceId"], service["Type"]) == ("DiscoveryNamespace", "HTTP")
    assert properties(template, "DiscoveryInstance")["ServiceId"] == "DiscoveryService"


def test_what_has_a_name_is_named_after_the_stack(template: Template) -> None:
    # Of namespaces Cloud Map takes each name once in an account; the others are found by it.
    for title in ("DiscoveryNamespace", "HttpApi", "VpcLink"):
        assert properties(template, title)["Name"] == "pod"


def test_the_domain_is_served_by_the_certificate_for_it(template: Template) -> None:
    assert properties(template, "CustomDomain")["DomainName"] == "pod.example.org"
    assert properties(template, "Certificate")["DomainName"] == "pod.example.org"
    assert domain(template, HOSTED)["CertificateArn"] == "Certificate"
    for label in ("foreign", "hosted with a certificate of its own"):
        choice = CHOICES[label]
        assert domain(template, choice)["CertificateArn"] == choice["CertificateArn"]


def test_a_domain_without_a_hosted_zone_is_served_like_any_other(template: Template) -> None:
    foreign = CHOICES["foreign"]
    assert properties(template, "HttpApi", foreign) == properties(template, "HttpApi")
    sent = properties(template, "PodIntegration", foreign)
    assert sent == properties(template, "PodIntegration")


def domain(template: Template, choice: dict[str, str]) -> Any:
    """How the custom domain is served."""
    (configuration,) = properties(template, "CustomDomain", choice)["DomainNameConfigurations"]
    return configuration


MUTATIONS: dict[str, Mutation] = {
    "all_parts_of_the_front_belong_to_one_api": change("DefaultRoute", "ApiId", to="another"),
    "the_route_leads_to_the_pod_and_the_domain_to_the_route": change(
        "DefaultRoute", "Target", to="integrations/another"
    ),
    "every_request_is_passed_on_as_it_is_for_as_long_as_aws_allows": change(
        "PodIntegration", "IntegrationMethod", to="GET"
    ),
    "no_page_of_another_site_may_read_answers": change(
        "HttpApi", "CorsConfiguration", to={"AllowOrigins": ["*"]}
    ),
    "a_change_of_the_front_is_live_at_once": change("DefaultStage", "AutoDeploy", to=False),
    "the_front_is_reached_over_ipv4_and_ipv6": change("HttpApi", "IpAddressType", to="ipv4"),
    "the_front_finds_the_pod_in_the_stacks_own_namespace": change(
        "DiscoveryInstance", "ServiceId", to="another"
    ),
    "what_has_a_name_is_named_after_the_stack": change("DiscoveryNamespace", "Name", to="diaspora"),
    "the_domain_is_served_by_the_certificate_for_it": change(
        "Certificate", "DomainName", to={"Ref": "MailDomain"}
    ),
    "a_domain_without_a_hosted_zone_is_served_like_any_other": change(
        "HttpApi", "DisableExecuteApiEndpoint", to={"Fn::If": ["MakesRecords", True, False]}
    ),
}
