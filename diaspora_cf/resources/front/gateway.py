"""The front of the low cost stack: an HTTP API that ends TLS and reaches the pod in its VPC.

API Gateway asks Cloud Map where the pod is, so that no load balancer has to be paid for.
"""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSHelperFn, GetAtt, If, Ref, Sub, apigatewayv2, ec2, servicediscovery

from ...parameters.essentials import DOMAIN_NAME, HAS_DOMAIN
from ...parameters.money import IS_ONLINE
from ...template.stack import Stack
from ..logs import Logs
from ..machine.pod import HTTP_PORT, Pod
from ..network import VPC_RANGE, Network
from . import Front

# Far above what a small pod serves, far below the region's 10,000 a second.
REQUESTS_PER_SECOND = 50
BURST = 100
# The most that an HTTP API grants; nginx on the pod answers before.
TIMEOUT_MILLISECONDS = 30_000
CLIENT_ADDRESS_HEADER = "X-Client-IP"
CLIENT_SCHEME_HEADER = "X-Client-Proto"


@dataclass(frozen=True)
class Link:
    """The way from API Gateway into the VPC; ``ready`` is the rule that lets it reach the pod."""

    vpc_link: Ref
    ready: tuple[str, ...]


@dataclass(frozen=True)
class Gateway:
    """The API's handles."""

    api: Ref
    front: Front


def add_vpc_link(stack: Stack, network: Network, pod_security_group: Ref) -> Link:
    """Add the VPC link and the one rule that lets anything into the pod."""
    group = stack.add(
        ec2.SecurityGroup(
            "VpcLinkSecurityGroup",
            GroupDescription="VPC link: HTTP to the pod",
            VpcId=network.vpc,
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    Description="HTTP to the pod",
                    IpProtocol="tcp",
                    FromPort=HTTP_PORT,
                    ToPort=HTTP_PORT,
                    CidrIp=VPC_RANGE,
                )
            ],
        )
    )
    link = stack.add(
        apigatewayv2.VpcLink(
            "VpcLink",
            Name=Ref("AWS::StackName"),
            SubnetIds=list(network.public),
            SecurityGroupIds=[Ref(group)],
        )
    )
    rule = stack.add(
        ec2.SecurityGroupIngress(
            "PodIngressFromVpcLink",
            Description="HTTP from API Gateway",
            GroupId=pod_security_group,
            IpProtocol="tcp",
            FromPort=HTTP_PORT,
            ToPort=HTTP_PORT,
            SourceSecurityGroupId=Ref(group),
        )
    )
    return Link(vpc_link=Ref(link), ready=(rule.title,))


def add_gateway(stack: Stack, link: Link, pod: Pod, logs: Logs, certificate: If) -> Gateway:
    """Add the API with its one route to the pod, and the custom domain."""
    service = _add_discovery(stack, pod)
    api = stack.add(
        apigatewayv2.Api(
            "HttpApi",
            Name=Ref("AWS::StackName"),
            ProtocolType="HTTP",
            IpAddressType="dualstack",
            # Two names for one pod would confuse search engines and other pods.
            DisableExecuteApiEndpoint=stack.choose(HAS_DOMAIN, True, False),
        )
    )
    host = stack.choose(
        HAS_DOMAIN,
        DOMAIN_NAME.ref,
        Sub("${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"),
    )
    route = _add_route(stack, api, service, link, host)
    stage = _add_stage(stack, api, route, logs)
    domain = _add_domain(stack, api, stage, certificate)
    return Gateway(
        api=Ref(api),
        front=Front(
            host=host,
            target=GetAtt(domain, "RegionalDomainName"),
            zone=GetAtt(domain, "RegionalHostedZoneId"),
        ),
    )


def _add_discovery(stack: Stack, pod: Pod) -> servicediscovery.Service:
    """Cloud Map's entry for the pod; an HTTP namespace needs no paid DNS zone."""
    namespace = stack.add(
        servicediscovery.HttpNamespace("DiscoveryNamespace", Name=Ref("AWS::StackName"))
    )
    service = stack.add(
        servicediscovery.Service(
            "DiscoveryService", Name="pod", NamespaceId=Ref(namespace), Type="HTTP"
        )
    )
    stack.add(
        servicediscovery.Instance(
            "DiscoveryInstance",
            Condition=stack.when(IS_ONLINE),
            InstanceId="pod",
            ServiceId=Ref(service),
            # API Gateway wants both; they are changed in place when the pod is replaced.
            InstanceAttributes={
                "AWS_INSTANCE_IPV4": pod.address,
                "AWS_INSTANCE_PORT": str(HTTP_PORT),
            },
        )
    )
    return service


def _add_route(
    stack: Stack,
    api: apigatewayv2.Api,
    service: servicediscovery.Service,
    link: Link,
    host: AWSHelperFn,
) -> apigatewayv2.Route:
    """Everything goes to the pod: ``$default`` matches each path, the bare ``/`` included."""
    integration = stack.add(
        apigatewayv2.Integration(
            "PodIntegration",
            ApiId=Ref(api),
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="ANY",
            IntegrationUri=GetAtt(service, "Arn"),
            ConnectionType="VPC_LINK",
            ConnectionId=link.vpc_link,
            PayloadFormatVersion="1.0",
            TimeoutInMillis=TIMEOUT_MILLISECONDS,
            # HTTP APIs send no X-Forwarded-*, and let nobody set them: headers of our own, from
            # which nginx makes them. Overwriting discards what a visitor sent under these names.
            RequestParameters={
                "overwrite:header.Host": host,
                f"overwrite:header.{CLIENT_ADDRESS_HEADER}": "$context.identity.sourceIp",
                f"overwrite:header.{CLIENT_SCHEME_HEADER}": "https",
            },
        )
    )
    return stack.add(
        apigatewayv2.Route(
            "DefaultRoute",
            ApiId=Ref(api),
            RouteKey="$default",
            Target=Sub("integrations/${" + integration.title + "}"),
        )
    )


def _add_stage(
    stack: Stack, api: apigatewayv2.Api, route: apigatewayv2.Route, logs: Logs
) -> apigatewayv2.Stage:
    # Another stage than $default would put its name in front of every path.
    return stack.add(
        apigatewayv2.Stage(
            "DefaultStage",
            # Every change of the API is deployed to a stage that is there already: two at once are
            # refused as a "concurrent modification" (brefphp/bref#868).
            DependsOn=[route.title],
            ApiId=Ref(api),
            StageName="$default",
            AutoDeploy=True,
            DefaultRouteSettings=apigatewayv2.RouteSettings(
                ThrottlingRateLimit=REQUESTS_PER_SECOND, ThrottlingBurstLimit=BURST
            ),
            AccessLogSettings=apigatewayv2.AccessLogSettings(
                DestinationArn=logs.front_arn, Format=_ACCESS_LOG
            ),
        )
    )


# The path without its query, in which password resets carry their tokens.
_ACCESS_LOG = (
    '{"time":"$context.requestTime","client":"$context.identity.sourceIp",'
    '"method":"$context.httpMethod","path":"$context.path","protocol":"$context.protocol",'
    '"status":"$context.status","bytes":"$context.responseLength",'
    '"milliseconds":"$context.responseLatency","podStatus":"$context.integrationStatus",'
    '"error":"$context.integrationErrorMessage","request":"$context.requestId"}'
)


_LINT_EXCEPTION = {
    "cfn-lint": {
        "config": {
            "ignore_checks": [
                # Sees that CertificateArn may be empty, and not that a rule forbids it here.
                "W1030",
            ]
        }
    }
}


def _add_domain(
    stack: Stack, api: apigatewayv2.Api, stage: apigatewayv2.Stage, certificate: If
) -> apigatewayv2.DomainName:
    domain = stack.add(
        apigatewayv2.DomainName(
            "CustomDomain",
            Metadata=_LINT_EXCEPTION,
            Condition=stack.when(HAS_DOMAIN),
            DomainName=DOMAIN_NAME.ref,
            DomainNameConfigurations=[
                apigatewayv2.DomainNameConfiguration(
                    CertificateArn=certificate,
                    EndpointType="REGIONAL",
                    SecurityPolicy="TLS_1_2",
                    IpAddressType="dualstack",
                )
            ],
        )
    )
    stack.add(
        apigatewayv2.ApiMapping(
            "CustomDomainMapping",
            Condition=stack.when(HAS_DOMAIN),
            ApiId=Ref(api),
            DomainName=Ref(domain),
            Stage=Ref(stage),
        )
    )
    return domain
