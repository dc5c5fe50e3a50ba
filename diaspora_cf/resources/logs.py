"""Log groups: the front's, and the pod's own, which outlives the pod."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSHelperFn, GetAtt, Ref, Select, Split, Sub
from troposphere.logs import LogGroup

from ..parameters.expert import LOG_RETENTION_DAYS
from ..template.stack import Stack


@dataclass(frozen=True)
class Logs:
    """The groups' names and ARNs."""

    pod_name: Ref
    pod_arn: GetAtt
    front_name: Ref
    front_arn: GetAtt


def add_logs(stack: Stack) -> Logs:
    """Add both log groups."""
    pod = stack.add(
        LogGroup(
            "PodLogGroup",
            # All that remains of a creation that failed. Unnamed, or the next try would collide.
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            RetentionInDays=LOG_RETENTION_DAYS.ref,
        )
    )
    front = stack.add(
        LogGroup(
            "FrontLogGroup",
            # A stage that logs has its group added to a resource policy of CloudWatch Logs, which
            # takes 5,120 characters, outlives the stack and is full one day. Not so below this
            # prefix (CloudWatch Logs User Guide, "Logs sent to CloudWatch Logs").
            LogGroupName=Sub("/aws/vendedlogs/${AWS::StackName}/front-${Id}", Id=_stack_uuid()),
            # Visitors' addresses do not outlive the pod.
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            RetentionInDays=LOG_RETENTION_DAYS.ref,
        )
    )
    return Logs(
        pod_name=Ref(pod),
        pod_arn=GetAtt(pod, "Arn"),
        front_name=Ref(front),
        front_arn=GetAtt(front, "Arn"),
    )


def _stack_uuid() -> AWSHelperFn:
    """What no other stack has, of the same name neither: the end of the stack's own ARN."""
    return Select(2, Split("/", Ref("AWS::StackId")))
