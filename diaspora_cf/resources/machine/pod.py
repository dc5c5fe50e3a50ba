"""The pod: one machine, made from a launch template, that proves itself before it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from troposphere import GetAtt, Ref, ec2
from troposphere.policies import CreationPolicy, ResourceSignal

from ...parameters.machine import POD_INSTANCE_TYPE
from ...parameters.money import IS_ONLINE
from ...template.stack import Stack
from ..database import Database
from ..logs import Logs
from ..network import Network, S3Endpoint
from ..storage import Storage
from .launch_template import add_launch_template
from .role import add_instance_profile
from .settings import FirstBoot, pod_settings

HTTP_PORT = 80
INSTANCE_ID = "PodInstance"
SIGNAL_TIMEOUT_MINUTES = 20
# The pod gives up some minutes earlier, so that it can still say at which step. It counts from its
# own start, CloudFormation from the instance's.
FIRST_BOOT = FirstBoot(INSTANCE_ID, deadline_seconds=(SIGNAL_TIMEOUT_MINUTES - 4) * 60)


@dataclass(frozen=True)
class Pod:
    """The pod's handles; the instance is there only while the pod is online."""

    instance: Ref
    address: GetAtt


def add_pod_security_group(stack: Stack, network: Network) -> Ref:
    """Add the pod's security group, which lets nothing in by itself."""
    group = stack.add(
        ec2.SecurityGroup(
            "PodSecurityGroup",
            GroupDescription="Pod: answers the front, talks to all other pods",
            VpcId=network.vpc,
            # Other pods, mail and AWS are anywhere, on whichever port they like.
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    Description="Everything over IPv4", IpProtocol="-1", CidrIp="0.0.0.0/0"
                ),
                ec2.SecurityGroupRule(
                    Description="Everything over IPv6", IpProtocol="-1", CidrIpv6="::/0"
                ),
            ],
        )
    )
    return Ref(group)


def add_pod(
    stack: Stack,
    network: Network,
    security_group: Ref,
    storage: Storage,
    to_s3: S3Endpoint,
    database: Database,
    logs: Logs,
    topic: Ref,
    ready: Iterable[str],
) -> Pod:
    """Add the machine; ``ready`` are the ids that must be complete before it can boot.

    Every change of an answer makes a new version of the launch template, and so a new instance:
    it has to signal success before CloudFormation points the front at it and ends the old one.
    A change of a plain instance's user data would stop and start it, and not run it again.
    """
    profile = add_instance_profile(stack, storage, to_s3, logs, topic)
    settings = pod_settings(stack, FIRST_BOOT, database, storage, logs, topic)
    interface = _network_interface(network, security_group)
    template = add_launch_template(stack, POD_INSTANCE_TYPE, interface, profile, settings)
    instance = stack.add(
        ec2.Instance(
            INSTANCE_ID,
            Condition=stack.when(IS_ONLINE),
            DependsOn=list(ready),
            CreationPolicy=CreationPolicy(
                ResourceSignal=ResourceSignal(Count=1, Timeout=f"PT{SIGNAL_TIMEOUT_MINUTES}M")
            ),
            LaunchTemplate=ec2.LaunchTemplateSpecification(
                LaunchTemplateId=template.id, Version=template.version
            ),
        )
    )
    return Pod(instance=Ref(instance), address=GetAtt(instance, "PrivateIp"))


def _network_interface(network: Network, security_group: Ref) -> ec2.NetworkInterfaces:
    """The public IPv4 address is for outbound: without one nothing on the internet is reached.

    Its subnet stands here and not at the instance: EC2 refuses a subnet beside an interface.
    """
    return ec2.NetworkInterfaces(
        DeviceIndex=0,
        SubnetId=network.machines[0],
        Groups=[security_group],
        AssociatePublicIpAddress=True,
        Ipv6AddressCount=1,
        DeleteOnTermination=True,
    )
