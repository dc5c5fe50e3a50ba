"""What mails the admin: alarms by a topic, and the budget by itself."""

from __future__ import annotations

from typing import Any

from troposphere import AWSHelperFn, Ref, Sub, budgets, cloudwatch, sns

from ..parameters.database import EXPECTS_SLEEP, USES_INSTANCE
from ..parameters.essentials import ADMIN_EMAIL
from ..parameters.mail import SENDS_MAIL
from ..parameters.money import HAS_BUDGET, IS_ONLINE, MONTHLY_BUDGET, WATCHES_CREDITS
from ..template.question import Condition
from ..template.stack import Stack
from .database import Database
from .front.gateway import Gateway
from .machine.pod import Pod

MINUTE = 60
HOUR = 60 * MINUTE
# SES puts an account under review from 5 % (its documentation on reputation metrics).
BOUNCE_RATE = 0.05


def add_topic(stack: Stack) -> Ref:
    """Add the topic that mails the admin: for AWS's alarms, and for what the pod sees itself."""
    # Not encrypted: CloudWatch cannot use the key that is free. It carries no secret.
    topic = stack.add(sns.Topic("AlarmTopic"))
    stack.add(
        sns.SubscriptionResource(
            "AlarmMail", TopicArn=Ref(topic), Protocol="email", Endpoint=ADMIN_EMAIL.ref
        )
    )
    return Ref(topic)


def add_alarms(stack: Stack, topic: Ref, pod: Pod, gateway: Gateway, database: Database) -> None:
    """Add everything outside of the pod that is worth a mail."""
    _add_recovery(stack, pod, topic)
    _add_front_errors(stack, gateway, topic)
    _add_money_alarms(stack, pod, database, topic)
    _add_bounces(stack, topic)


def add_budget(stack: Stack) -> None:
    """Add the budget; unnamed, so that a change of the address may replace it."""
    stack.add(
        budgets.Budget(
            "Budget",
            Condition=stack.when(HAS_BUDGET),
            Budget=budgets.BudgetData(
                BudgetType="COST",
                TimeUnit="MONTHLY",
                BudgetLimit=budgets.Spend(Amount=MONTHLY_BUDGET.ref, Unit="USD"),
                # Each country's own, and in no price that a person was told.
                CostTypes=budgets.CostTypes(IncludeTax=False),
            ),
            NotificationsWithSubscribers=[
                _notification("ACTUAL", 80),
                _notification("FORECASTED", 100),
            ],
        )
    )


def _notification(kind: str, percent: int) -> budgets.NotificationWithSubscribers:
    return budgets.NotificationWithSubscribers(
        Notification=budgets.Notification(
            NotificationType=kind,
            ComparisonOperator="GREATER_THAN",
            Threshold=percent,
            ThresholdType="PERCENTAGE",
        ),
        Subscribers=[budgets.Subscriber(SubscriptionType="EMAIL", Address=ADMIN_EMAIL.ref)],
    )


def _add_alarm(
    stack: Stack,
    title: str,
    text: str,
    metric: str,
    dimensions: dict[str, AWSHelperFn],
    actions: list[Any],
    condition: Condition | None = None,
    **more: Any,
) -> None:
    """Add an alarm on ``AWS/EC2``, ``AWS/RDS`` … (``metric`` is ``namespace:name``)."""
    namespace, name = metric.split(":")
    guard = {} if condition is None else {"Condition": stack.when(condition)}
    settings = {
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        # A pod that is off, or asleep, sends nothing: no reason for a mail.
        "TreatMissingData": "notBreaching",
        **more,
    }
    stack.add(
        cloudwatch.Alarm(
            title,
            AlarmDescription=text,
            Namespace=namespace,
            MetricName=name,
            Dimensions=[
                cloudwatch.MetricDimension(Name=key, Value=value)
                for key, value in dimensions.items()
            ],
            AlarmActions=actions,
            **guard,
            **settings,
        )
    )


def _add_recovery(stack: Stack, pod: Pod, topic: Ref) -> None:
    """Move the pod off broken hardware, and restart it when its system hangs."""
    _add_alarm(
        stack,
        "RecoveryAlarm",
        "The hardware under the pod failed: AWS moves the pod to another machine. Nothing to do.",
        "AWS/EC2:StatusCheckFailed_System",
        {"InstanceId": pod.instance},
        [Sub("arn:${AWS::Partition}:automate:${AWS::Region}:ec2:recover"), topic],
        IS_ONLINE,
        Statistic="Maximum",
        Period=MINUTE,
        EvaluationPeriods=2,
    )
    _add_alarm(
        stack,
        "RebootAlarm",
        "The pod's system does not answer: AWS reboots it. If this comes back, look at its log.",
        "AWS/EC2:StatusCheckFailed_Instance",
        {"InstanceId": pod.instance},
        [Sub("arn:${AWS::Partition}:automate:${AWS::Region}:ec2:reboot"), topic],
        IS_ONLINE,
        Statistic="Maximum",
        Period=MINUTE,
        # One more than for recovery, which must come first when both fail (EC2 User Guide).
        EvaluationPeriods=3,
    )


def _add_front_errors(stack: Stack, gateway: Gateway, topic: Ref) -> None:
    _add_alarm(
        stack,
        "FrontErrorAlarm",
        "Visitors have been getting errors for a quarter of an hour: look at the pod's log.",
        "AWS/ApiGateway:5xx",
        {"ApiId": gateway.api},
        [topic],
        # While the pod is off, errors are what is meant.
        IS_ONLINE,
        Statistic="Sum",
        Period=5 * MINUTE,
        EvaluationPeriods=3,
        Threshold=5,
    )


def _add_money_alarms(stack: Stack, pod: Pod, database: Database, topic: Ref) -> None:
    _add_alarm(
        stack,
        "SurplusCreditsAlarm",
        "The pod uses more CPU than its type earns, which costs extra: see what keeps it busy, "
        "choose a larger PodInstanceType, or set CpuCredits to standard.",
        "AWS/EC2:CPUSurplusCreditsCharged",
        {"InstanceId": pod.instance},
        [topic],
        WATCHES_CREDITS,
        Statistic="Maximum",
        Period=HOUR,
        EvaluationPeriods=1,
    )
    _add_alarm(
        stack,
        "DatabaseAwakeAlarm",
        "The database has not slept for a day, and costs as long as it is awake. If this comes "
        "back, the pod is busy enough for the other DatabaseKind: see the README.",
        "AWS/RDS:ServerlessDatabaseCapacity",
        {"DBClusterIdentifier": database.cluster},
        [topic],
        EXPECTS_SLEEP,
        Statistic="Minimum",
        Period=HOUR,
        EvaluationPeriods=24,
    )
    _add_alarm(
        stack,
        "DatabaseCreditsAlarm",
        "The database uses more CPU than its class earns, which costs extra: see what keeps it "
        "busy, or choose a larger DatabaseInstanceClass.",
        # RDS offers its T classes no other way (RDS User Guide, "DB instance class types").
        "AWS/RDS:CPUSurplusCreditsCharged",
        {"DBInstanceIdentifier": database.instance},
        [topic],
        USES_INSTANCE,
        Statistic="Maximum",
        Period=HOUR,
        EvaluationPeriods=1,
    )


def _add_bounces(stack: Stack, topic: Ref) -> None:
    _add_alarm(
        stack,
        "BounceAlarm",
        "Too much of this account's mail comes back: SES may stop sending. See its reputation "
        "metrics for the reason.",
        "AWS/SES:Reputation.BounceRate",
        {},
        [topic],
        SENDS_MAIL,
        Statistic="Maximum",
        Period=HOUR,
        EvaluationPeriods=1,
        Threshold=BOUNCE_RATE,
    )
