"""Shell access, by the way that was chosen; none of them opens anything to the internet."""

from __future__ import annotations

from awacs import ssm, ssmmessages
from awacs.aws import Condition, StringEquals
from troposphere import If, Ref, Sub, ec2

from ...parameters.machine import (
    OPENS_SSH_IN_VPC,
    USES_CONNECT_ENDPOINT,
    USES_SESSION_MANAGER,
)
from ...template.policies import allow, inline
from ...template.stack import Stack
from ..network import VPC_RANGE, Network

SSH_PORT = 22


def session_manager_policy(stack: Stack) -> If:
    """What the agent on the pod needs to talk to Session Manager, where that was chosen.

    AWS's managed policy for this may also read every parameter of the account.
    """
    return stack.choose(
        USES_SESSION_MANAGER,
        inline(
            "session-manager",
            allow(
                "TellSessionManagerOfThisMachine",
                [ssm.UpdateInstanceInformation],
                Sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:instance/*"),
                # Its id cannot stand here: the role is there before the instance. This much can:
                # that the credentials are those which EC2 gave to a machine, and are used by it.
                Condition=Condition(
                    StringEquals({"ec2:SourceInstanceARN": "${ec2:SourceInstanceARN}"})
                ),
            ),
            allow(
                "SessionManager",
                [
                    ssmmessages.CreateControlChannel,
                    ssmmessages.CreateDataChannel,
                    ssmmessages.OpenControlChannel,
                    ssmmessages.OpenDataChannel,
                ],
                # None of these can be limited to a resource.
                "*",
            ),
        ),
    )


def add_ssh(stack: Stack, network: Network, pod_security_group: Ref) -> None:
    """Open port 22 to AWS's bastion, or to the VPC, where that was chosen."""
    endpoint_group = _add_connect_endpoint(stack, network)
    _add_ssh_rule(
        stack,
        "SshFromConnectEndpoint",
        pod_security_group,
        Condition=stack.when(USES_CONNECT_ENDPOINT),
        Description="ssh from the Instance Connect Endpoint",
        SourceSecurityGroupId=Ref(endpoint_group),
    )
    _add_ssh_rule(
        stack,
        "SshFromVpc",
        pod_security_group,
        Condition=stack.when(OPENS_SSH_IN_VPC),
        Description="ssh from inside the VPC",
        CidrIp=VPC_RANGE,
    )


def _add_connect_endpoint(stack: Stack, network: Network) -> ec2.SecurityGroup:
    group = stack.add(
        ec2.SecurityGroup(
            "ConnectEndpointSecurityGroup",
            Condition=stack.when(USES_CONNECT_ENDPOINT),
            GroupDescription="Instance Connect Endpoint: ssh to the VPC",
            VpcId=network.vpc,
            SecurityGroupEgress=[
                ec2.SecurityGroupRule(
                    Description="ssh to the pod",
                    IpProtocol="tcp",
                    FromPort=SSH_PORT,
                    ToPort=SSH_PORT,
                    CidrIp=VPC_RANGE,
                )
            ],
        )
    )
    stack.add(
        ec2.InstanceConnectEndpoint(
            "ConnectEndpoint",
            Condition=stack.when(USES_CONNECT_ENDPOINT),
            SubnetId=network.machines[0],
            SecurityGroupIds=[Ref(group)],
            PreserveClientIp=False,
        )
    )
    return group


def _add_ssh_rule(stack: Stack, title: str, group: Ref, **source: object) -> None:
    stack.add(
        ec2.SecurityGroupIngress(
            title, GroupId=group, IpProtocol="tcp", FromPort=SSH_PORT, ToPort=SSH_PORT, **source
        )
    )
