"""The front: TLS, headers, paths and names."""

from __future__ import annotations

import json

from ..answers import CHOICES, FOREIGN, HOSTED
from .breaking import Mutation, add, attribute, change, drop, output
from .reading import Template, of_type, properties, rendered


def test_the_pod_sees_the_domain_and_the_visitor_and_not_what_a_visitor_claims(
    template: Template,
) -> None:
    sent = properties(template, "PodIntegration")["RequestParameters"]
    assert sent == {
        "overwrite:header.Host": "pod.example.org",
        "overwrite:header.X-Client-IP": "$context.identity.sourceIp",
        "overwrite:header.X-Client-Proto": "https",
    }


def test_a_second_stack_is_tried_under_the_name_that_it_answers_to(template: Template) -> None:
    choice = CHOICES["second stack, hosted"]
    sent = properties(template, "PodIntegration", choice)["RequestParameters"]
    assert sent["overwrite:header.Host"] == "HttpApi.execute-api.eu-west-1.amazonaws.com"
    assert (
        rendered(template, choice).outputs["PodUrl"] == f"https://{sent['overwrite:header.Host']}"
    )


def test_every_path_reaches_the_pod(template: Template) -> None:
    routes = [r["Properties"] for r in of_type(template, "AWS::ApiGatewayV2::Route").values()]
    assert [route["RouteKey"] for route in routes] == ["$default"]
    assert properties(template, "DefaultStage")["StageName"] == "$default"


def test_the_front_reaches_the_pod_through_the_vpc_link_and_cloud_map(template: Template) -> None:
    integration = properties(template, "PodIntegration")
    assert integration["ConnectionType"] == "VPC_LINK"
    assert integration["ConnectionId"] == "VpcLink"
    assert integration["IntegrationUri"] == "DiscoveryService.Arn"
    assert integration["PayloadFormatVersion"] == "1.0"
    attributes = properties(template, "DiscoveryInstance")["InstanceAttributes"]
    assert attributes == {
        "AWS_INSTANCE_IPV4": "PodInstance.PrivateIp",
        "AWS_INSTANCE_PORT": "80",
    }


def test_the_vpc_link_is_asked_for_in_the_pods_zone_and_in_no_other(template: Template) -> None:
    (interface,) = properties(template, "PodLaunchTemplate")["LaunchTemplateData"][
        "NetworkInterfaces"
    ]
    assert properties(template, "VpcLink")["SubnetIds"] == [interface["SubnetId"]]


def test_a_stage_comes_after_what_it_deploys(template: Template) -> None:
    routes = set(of_type(template, "AWS::ApiGatewayV2::Route"))
    for stage in of_type(template, "AWS::ApiGatewayV2::Stage").values():
        assert set(stage["DependsOn"]) == routes


def test_the_fronts_log_leaves_no_line_in_the_accounts_policy(template: Template) -> None:
    one = properties(template, "FrontLogGroup")["LogGroupName"]
    assert one == "/aws/vendedlogs/pod/front-00000000-0000-0000-0000-000000000000"


def test_discovery_needs_no_paid_zone(template: Template) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert "AWS::ServiceDiscovery::HttpNamespace" in kinds
    assert not {k for k in kinds if "DnsNamespace" in k or k == "AWS::Route53::HostedZone"}


def test_the_front_is_throttled(template: Template) -> None:
    limits = properties(template, "DefaultStage")["DefaultRouteSettings"]
    assert 0 < limits["ThrottlingRateLimit"] <= 100
    assert 0 < limits["ThrottlingBurstLimit"] <= 200


def test_the_front_logs_requests_without_their_queries(template: Template) -> None:
    settings = properties(template, "DefaultStage")["AccessLogSettings"]
    assert settings["DestinationArn"] == "FrontLogGroup.Arn"
    fields = json.loads(settings["Format"])
    assert fields["path"] == "$context.path"
    assert "client" in fields


def test_the_default_endpoint_is_off_while_the_stack_owns_the_domain(template: Template) -> None:
    assert properties(template, "HttpApi")["DisableExecuteApiEndpoint"] is True
    second = properties(template, "HttpApi", CHOICES["second stack, hosted"])
    assert second["DisableExecuteApiEndpoint"] is False


def test_the_domain_speaks_tls_1_2_over_ipv4_and_ipv6(template: Template) -> None:
    (domain,) = properties(template, "CustomDomain")["DomainNameConfigurations"]
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["IpAddressType"] == "dualstack"
    records = [
        resource["Properties"]["Type"]
        for resource in rendered(template).resources.values()
        if resource["Type"] == "AWS::Route53::RecordSet"
    ]
    assert records == ["A", "AAAA"]


def test_a_hosted_domain_gets_a_certificate_that_validates_itself(template: Template) -> None:
    certificate = properties(template, "Certificate")
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [
        {"DomainName": "pod.example.org", "HostedZoneId": HOSTED["HostedZoneId"]}
    ]


def test_a_foreign_domain_waits_for_no_record(template: Template) -> None:
    foreign = rendered(template, FOREIGN)
    assert "Certificate" not in foreign.resources
    assert foreign.outputs["DnsRecord"] == "pod.example.org CNAME CustomDomain.RegionalDomainName"


def test_a_second_stack_takes_nothing_from_the_first(template: Template) -> None:
    second = rendered(template, CHOICES["second stack with mail"]).resources
    taken = {"AWS::Route53::RecordSet", "AWS::ApiGatewayV2::DomainName", "AWS::SES::EmailIdentity"}
    assert not taken & {resource["Type"] for resource in second.values()}
    # Its own certificate can be ready before it takes over.
    assert "Certificate" in second


MUTATIONS: dict[str, Mutation] = {
    "the_pod_sees_the_domain_and_the_visitor_and_not_what_a_visitor_claims": change(
        "PodIntegration", "RequestParameters", "overwrite:header.X-Client-Proto", to="http"
    ),
    "a_second_stack_is_tried_under_the_name_that_it_answers_to": output(
        "PodUrl", to={"Fn::Sub": "https://${DomainName}"}
    ),
    "every_path_reaches_the_pod": change("DefaultRoute", "RouteKey", to="ANY /{proxy+}"),
    "the_front_reaches_the_pod_through_the_vpc_link_and_cloud_map": change(
        "DiscoveryInstance", "InstanceAttributes", to={"AWS_INSTANCE_IPV4": "10.0.0.1"}
    ),
    "the_vpc_link_is_asked_for_in_the_pods_zone_and_in_no_other": change(
        "VpcLink", "SubnetIds", to=[{"Ref": "PublicSubnetA"}, {"Ref": "PrivateSubnetB"}]
    ),
    "a_stage_comes_after_what_it_deploys": attribute("DefaultStage", "DependsOn", []),
    "the_fronts_log_leaves_no_line_in_the_accounts_policy": change(
        "FrontLogGroup", "LogGroupName", to={"Fn::Sub": "${AWS::StackName}-front"}
    ),
    "discovery_needs_no_paid_zone": add(
        "Paid", {"Type": "AWS::ServiceDiscovery::PrivateDnsNamespace", "Properties": {}}
    ),
    "the_front_is_throttled": change(
        "DefaultStage", "DefaultRouteSettings", "ThrottlingRateLimit", to=10000
    ),
    "the_front_logs_requests_without_their_queries": change(
        "DefaultStage", "AccessLogSettings", "DestinationArn", to="elsewhere"
    ),
    "the_default_endpoint_is_off_while_the_stack_owns_the_domain": change(
        "HttpApi", "DisableExecuteApiEndpoint", to=False
    ),
    "the_domain_speaks_tls_1_2_over_ipv4_and_ipv6": drop("DomainRecordIpv6"),
    "a_hosted_domain_gets_a_certificate_that_validates_itself": change(
        "Certificate", "ValidationMethod", to="EMAIL"
    ),
    "a_foreign_domain_waits_for_no_record": output("DnsRecord", to="none"),
    "a_second_stack_takes_nothing_from_the_first": attribute(
        "MailIdentity", "Condition", "HasHostedZone"
    ),
}
