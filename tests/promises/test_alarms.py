"""Who is told when something is wrong or dear."""

from __future__ import annotations

from typing import Any

from ..answers import CHOICES, HOSTED, INSTANCE, MAIL
from .breaking import Mutation, attribute, change, unguard
from .reading import EVERYTHING, Template, of_type, properties, rendered

# What each watches, when it speaks, and for how many seconds it waits.
WATCHED = {
    "RecoveryAlarm": ("Maximum of AWS/EC2 StatusCheckFailed_System of PodInstance > 0", 2 * 60),
    "RebootAlarm": ("Maximum of AWS/EC2 StatusCheckFailed_Instance of PodInstance > 0", 3 * 60),
    "FrontErrorAlarm": ("Sum of AWS/ApiGateway 5xx of HttpApi > 5", 15 * 60),
    "SurplusCreditsAlarm": (
        "Maximum of AWS/EC2 CPUSurplusCreditsCharged of PodInstance > 0",
        60 * 60,
    ),
    "DatabaseAwakeAlarm": (
        "Minimum of AWS/RDS ServerlessDatabaseCapacity of DatabaseCluster > 0",
        24 * 60 * 60,
    ),
    "DatabaseCreditsAlarm": (
        "Maximum of AWS/RDS CPUSurplusCreditsCharged of DatabaseInstance > 0",
        60 * 60,
    ),
    # SES puts an account under review from 5 %: its documentation on reputation metrics.
    "BounceAlarm": ("Maximum of AWS/SES Reputation.BounceRate of the account > 0.05", 60 * 60),
}
# By which dimension AWS finds the numbers of a thing; another one has none, and never speaks.
DIMENSIONS = {
    "PodInstance": "InstanceId",
    "HttpApi": "ApiId",
    "DatabaseCluster": "DBClusterIdentifier",
    "DatabaseInstance": "DBInstanceIdentifier",
}
# All alarms are there with one kind of database or the other.
KINDS = (EVERYTHING, {**INSTANCE, **MAIL})


def test_every_alarm_watches_what_it_is_named_for(template: Template) -> None:
    alarms = made(template)
    assert {title: watched(alarm) for title, alarm in alarms.items()} == WATCHED
    for alarm in alarms.values():
        for dimension in alarm["Dimensions"]:
            assert dimension["Name"] == DIMENSIONS[dimension["Value"]]


def made(template: Template) -> dict[str, Any]:
    """The properties of all alarms."""
    return {
        title: found["Properties"]
        for choice in KINDS
        for title, found in rendered(template, choice).resources.items()
        if found["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(alarm: dict[str, Any]) -> tuple[str, int]:
    """An alarm in words, and the seconds that it waits."""
    of = alarm["Dimensions"][0]["Value"] if alarm["Dimensions"] else "the account"
    above = {"GreaterThanThreshold": ">"}[alarm["ComparisonOperator"]]
    metric = f"{alarm['Namespace']} {alarm['MetricName']}"
    return (
        f"{alarm['Statistic']} of {metric} of {of} {above} {alarm['Threshold']}",
        alarm["Period"] * alarm["EvaluationPeriods"],
    )


def test_a_pod_that_is_off_or_asleep_rings_no_alarm(template: Template) -> None:
    assert {alarm["TreatMissingData"] for alarm in made(template).values()} == {"notBreaching"}


def test_broken_hardware_is_left_behind(template: Template) -> None:
    alarm = properties(template, "RecoveryAlarm")
    assert "arn:aws:automate:eu-west-1:ec2:recover" in alarm["AlarmActions"]


def test_a_hanging_system_is_rebooted_after_recovery_had_its_chance(template: Template) -> None:
    alarm = properties(template, "RebootAlarm")
    assert "arn:aws:automate:eu-west-1:ec2:reboot" in alarm["AlarmActions"]
    recovery = properties(template, "RecoveryAlarm")
    assert alarm["EvaluationPeriods"] > recovery["EvaluationPeriods"]


def test_every_alarm_mails_the_admin(template: Template) -> None:
    resources = rendered(template, {**HOSTED, **MAIL}).resources
    mail = resources["AlarmMail"]["Properties"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "you@example.org")
    assert mail["TopicArn"] == "AlarmTopic"
    alarms = made(template)
    assert set(alarms) == set(of_type(template, "AWS::CloudWatch::Alarm"))
    assert all("AlarmTopic" in alarm["AlarmActions"] for alarm in alarms.values())


def test_unlimited_credits_never_come_without_their_alarm(template: Template) -> None:
    assert "SurplusCreditsAlarm" in rendered(template).resources
    standard = rendered(template, CHOICES["standard credits"]).resources
    assert "SurplusCreditsAlarm" not in standard


def test_a_database_that_is_awake_as_its_answers_make_it_is_no_reason_for_a_mail(
    template: Template,
) -> None:
    assert "DatabaseAwakeAlarm" in rendered(template).resources
    for normal in ("never asleep", "nothing waits", "rds instance"):
        assert "DatabaseAwakeAlarm" not in rendered(template, CHOICES[normal]).resources


def test_a_database_that_wakes_only_for_what_has_waited_is_no_reason_for_a_mail(
    template: Template,
) -> None:
    # It speaks when there was no pause for longer than anything may wait. How long a quiet pod's
    # database is awake, the bill's own tests say.
    patience = template["Parameters"]["FederationPatience"]["AllowedValues"]
    _, seconds = watched(properties(template, "DatabaseAwakeAlarm"))
    assert seconds > 2 * 60 * max(map(int, patience))


def test_an_instances_cpu_never_costs_extra_unseen(template: Template) -> None:
    assert "DatabaseCreditsAlarm" in rendered(template, INSTANCE).resources


def test_the_budget_mails_at_80_percent_and_at_a_forecast_of_100(template: Template) -> None:
    budget = properties(template, "Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "25", "Unit": "USD"}
    assert (budget["Budget"]["BudgetType"], budget["Budget"]["TimeUnit"]) == ("COST", "MONTHLY")
    assert "BudgetName" not in budget["Budget"]
    # The bill that a person is told has none in it.
    assert budget["Budget"]["CostTypes"] == {"IncludeTax": False}
    told = [it["Notification"] for it in budget["NotificationsWithSubscribers"]]
    assert {(it["NotificationType"], it["Threshold"]) for it in told} == {
        ("ACTUAL", 80),
        ("FORECASTED", 100),
    }
    assert {(it["ComparisonOperator"], it["ThresholdType"]) for it in told} == {
        ("GREATER_THAN", "PERCENTAGE")
    }


def test_the_budget_mails_the_admin(template: Template) -> None:
    subscribers = [
        it["Subscribers"] for it in properties(template, "Budget")["NotificationsWithSubscribers"]
    ]
    admin = {"SubscriptionType": "EMAIL", "Address": "you@example.org"}
    assert subscribers == [[admin], [admin]]


def test_no_budget_is_made_for_an_amount_of_nothing(template: Template) -> None:
    assert "Budget" not in rendered(template, CHOICES["no budget"]).resources


MUTATIONS: dict[str, Mutation] = {
    "every_alarm_watches_what_it_is_named_for": change(
        "BounceAlarm", "MetricName", to="Reputation.ComplaintRate"
    ),
    "a_pod_that_is_off_or_asleep_rings_no_alarm": change(
        "FrontErrorAlarm", "TreatMissingData", to="breaching"
    ),
    "broken_hardware_is_left_behind": change(
        "RecoveryAlarm", "AlarmActions", to=[{"Ref": "AlarmTopic"}]
    ),
    "a_hanging_system_is_rebooted_after_recovery_had_its_chance": change(
        "RebootAlarm", "EvaluationPeriods", to=1
    ),
    "every_alarm_mails_the_admin": change("AlarmMail", "Protocol", to="sms"),
    "unlimited_credits_never_come_without_their_alarm": attribute(
        "SurplusCreditsAlarm", "Condition", "SendsMail"
    ),
    "a_database_that_is_awake_as_its_answers_make_it_is_no_reason_for_a_mail": attribute(
        "DatabaseAwakeAlarm", "Condition", "MaySleep"
    ),
    "a_database_that_wakes_only_for_what_has_waited_is_no_reason_for_a_mail": change(
        "DatabaseAwakeAlarm", "EvaluationPeriods", to=8
    ),
    "an_instances_cpu_never_costs_extra_unseen": attribute(
        "DatabaseCreditsAlarm", "Condition", "UsesAurora"
    ),
    "the_budget_mails_at_80_percent_and_at_a_forecast_of_100": change(
        "Budget", "Budget", "BudgetName", to="pod"
    ),
    "the_budget_mails_the_admin": change(
        "Budget", "NotificationsWithSubscribers", 0, "Subscribers", 0, "Address", to="a@b.org"
    ),
    "no_budget_is_made_for_an_amount_of_nothing": unguard("Budget"),
}
