"""Who is told when something is wrong or dear; and a pod that is put to sleep."""

from __future__ import annotations

from ..answers import CHOICES, HOSTED, MAIL
from .breaking import Mutation, attribute, change, unguard
from .reading import Template, properties, rendered


def test_broken_hardware_is_left_behind(template: Template) -> None:
    alarm = properties(template, "RecoveryAlarm")
    assert alarm["MetricName"] == "StatusCheckFailed_System"
    assert "arn:aws:automate:eu-west-1:ec2:recover" in alarm["AlarmActions"]


def test_a_hanging_system_is_rebooted_after_recovery_had_its_chance(template: Template) -> None:
    alarm = properties(template, "RebootAlarm")
    assert alarm["MetricName"] == "StatusCheckFailed_Instance"
    assert "arn:aws:automate:eu-west-1:ec2:reboot" in alarm["AlarmActions"]
    recovery = properties(template, "RecoveryAlarm")
    assert alarm["EvaluationPeriods"] > recovery["EvaluationPeriods"]


def test_every_alarm_mails_the_admin(template: Template) -> None:
    resources = rendered(template, {**HOSTED, **MAIL}).resources
    mail = resources["AlarmMail"]["Properties"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "you@example.org")
    assert mail["TopicArn"] == "AlarmTopic"
    alarms = [r for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) == 6
    assert all("AlarmTopic" in alarm["Properties"]["AlarmActions"] for alarm in alarms)


def test_unlimited_credits_never_come_without_their_alarm(template: Template) -> None:
    alarm = properties(template, "SurplusCreditsAlarm")
    assert alarm["MetricName"] == "CPUSurplusCreditsCharged"
    assert alarm["Threshold"] == 0
    standard = rendered(template, CHOICES["standard credits"]).resources
    assert "SurplusCreditsAlarm" not in standard


def test_a_database_that_does_not_sleep_for_a_day_is_told(template: Template) -> None:
    alarm = properties(template, "DatabaseAwakeAlarm")
    assert alarm["MetricName"] == "ServerlessDatabaseCapacity"
    assert alarm["Statistic"] == "Minimum"
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 24 * 60 * 60
    assert "DatabaseAwakeAlarm" not in rendered(template, CHOICES["never asleep"]).resources


def test_the_budget_mails_at_80_percent_and_at_a_forecast_of_100(template: Template) -> None:
    budget = properties(template, "Budget")
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "20", "Unit": "USD"}
    assert "BudgetName" not in budget["Budget"]
    told = {
        (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
        for n in budget["NotificationsWithSubscribers"]
    }
    assert told == {("ACTUAL", 80), ("FORECASTED", 100)}


def test_no_budget_is_made_for_an_amount_of_nothing(template: Template) -> None:
    assert "Budget" not in rendered(template, CHOICES["no budget"]).resources


def test_offline_takes_the_machine_and_keeps_the_data(template: Template) -> None:
    online = set(rendered(template).resources)
    offline = set(rendered(template, CHOICES["offline"]).resources)
    assert online - offline == {
        "PodInstance",
        "DiscoveryInstance",
        "RecoveryAlarm",
        "RebootAlarm",
        "SurplusCreditsAlarm",
        # The front answers errors meanwhile: that is meant.
        "FrontErrorAlarm",
    }
    assert offline < online


MUTATIONS: dict[str, Mutation] = {
    "broken_hardware_is_left_behind": change(
        "RecoveryAlarm", "MetricName", to="StatusCheckFailed_Instance"
    ),
    "a_hanging_system_is_rebooted_after_recovery_had_its_chance": change(
        "RebootAlarm", "EvaluationPeriods", to=1
    ),
    "every_alarm_mails_the_admin": change("AlarmMail", "Protocol", to="sms"),
    "unlimited_credits_never_come_without_their_alarm": change(
        "SurplusCreditsAlarm", "Threshold", to=100
    ),
    "a_database_that_does_not_sleep_for_a_day_is_told": change(
        "DatabaseAwakeAlarm", "Statistic", to="Maximum"
    ),
    "the_budget_mails_at_80_percent_and_at_a_forecast_of_100": change(
        "Budget", "Budget", "BudgetName", to="pod"
    ),
    "no_budget_is_made_for_an_amount_of_nothing": unguard("Budget"),
    "offline_takes_the_machine_and_keeps_the_data": attribute(
        "DatabaseWriter", "Condition", "IsOnline"
    ),
}
