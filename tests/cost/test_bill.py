"""The bill: complete, added up right, and read from the template that is built.

What it does not prove: that AWS charges these prices, or that anybody uses a pod like this.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from diaspora_cf.cost.bill import INSTANCE, PROMISE, Bill, Case, low_cost_case, worst_cases
from diaspora_cf.cost.charges import CHARGES, FREE, Line
from diaspora_cf.cost.prices import price_list
from diaspora_cf.cost.profiles import PROFILES, with_rates
from diaspora_cf.cost.table import MORE
from diaspora_cf.cost.usage import HOURS

Template = dict[str, Any]


def case(template: Template, profile: str = "quiet", **answers: str) -> Case:
    return low_cost_case(template, PROFILES[profile], **answers)


def row(found: Case, what: str) -> Line:
    (line,) = [line for line in found.bill().lines if line.what == what]
    return line


def test_every_type_of_every_template_has_a_price_or_a_reason_to_be_free(
    template: Template,
) -> None:
    types = {resource["Type"] for resource in template["Resources"].values()}
    assert len(types) > 30
    assert types <= set(CHARGES) | set(FREE)
    assert not set(CHARGES) & set(FREE)
    assert all(FREE.values())


def test_a_type_without_price_or_reason_stops_the_computation(template: Template) -> None:
    template["Resources"]["Nat"] = {"Type": "AWS::EC2::NatGateway", "Properties": {}}
    with pytest.raises(ValueError, match="Nat"):
        case(template).bill()


def test_an_interface_endpoint_is_not_taken_for_a_free_one(template: Template) -> None:
    template["Resources"]["S3Endpoint"]["Properties"]["VpcEndpointType"] = "Interface"
    with pytest.raises(ValueError, match="S3Endpoint"):
        case(template).bill()


def test_a_database_instance_of_another_class_is_not_taken_for_a_free_one(
    template: Template,
) -> None:
    template["Resources"]["DatabaseWriter"]["Properties"]["DBInstanceClass"] = "db.t4g.medium"
    with pytest.raises(ValueError, match=r"db\.t4g\.medium"):
        case(template).bill()


def test_the_rows_are_the_total_and_come_dearest_first(template: Template) -> None:
    bill = case(template).bill()
    dollars = [line.usd for line in bill.lines]
    assert sum(dollars) == pytest.approx(bill.total)
    assert dollars == sorted(dollars, reverse=True)
    assert len(dollars) > 15


def test_the_total_is_the_same_on_every_python() -> None:
    dollar = replace(price_list("eu-west-1")["ec2.ipv4"], usd=1.0)
    dimes = (Line("x", 0.1, dollar, fixed=True),) * 10
    assert (Bill(0, dimes).total, Bill(0, dimes).fixed) == (1.0, 1.0)


def test_twice_the_quantity_is_twice_the_money() -> None:
    price = replace(price_list("eu-west-1")["ec2.ipv4"], free=0.0)
    assert Line("x", 20, price).usd == pytest.approx(2 * Line("x", 10, price).usd)


def test_another_alarm_raises_the_figure(template: Template) -> None:
    before = case(template).bill().total
    alarm = copy.deepcopy(template["Resources"]["RecoveryAlarm"])
    template["Resources"]["AnotherAlarm"] = alarm
    assert case(template).bill().total == pytest.approx(before + 0.10)


def test_another_address_raises_the_figure(template: Template) -> None:
    before = case(template).bill().total
    data = template["Resources"]["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]
    data["NetworkInterfaces"] *= 2
    assert case(template).bill().total == pytest.approx(before + 730 * 0.005)


@pytest.mark.parametrize(
    ("answers", "difference"),
    [
        ({"PodInstanceType": "t4g.micro"}, 730 * (0.0092 - 0.0102)),
        ({"PodDiskSize": "20"}, 10 * 0.088),
        ({"CpuCredits": "standard"}, -0.10),
        ({"HostedZoneId": "", "CertificateArn": "arn:aws:acm:x:123456789012:certificate/0"}, -0.50),
    ],
)
def test_an_answer_changes_the_figure(
    template: Template, answers: dict[str, str], difference: float
) -> None:
    before = case(template).bill().total
    assert case(template, **answers).bill().total == pytest.approx(before + difference)


def test_no_mail_no_mails(template: Template) -> None:
    off = case(template, MailEnabled="false")
    assert "SES mails" in {line.what for line in case(template).bill().lines}
    assert "SES mails" not in {line.what for line in off.bill().lines}


def test_a_database_that_never_sleeps_is_paid_for_all_day(template: Template) -> None:
    awake = case(template, "alone", DatabaseMinCapacity="1")
    assert awake.awake_hours_a_day() == 24
    assert row(awake, "Aurora, while awake").usd == pytest.approx(730 * 0.14)


def test_offline_costs_storage_and_no_machine(template: Template) -> None:
    offline = case(template, PodState="offline").bill()
    whats = {line.what for line in offline.lines}
    usual = {line.what for line in case(template).bill().lines}
    machine = {what for what in usual if what.startswith(("EC2", "Public IPv4", "EBS disk"))}
    assert len(machine) == 3
    assert not machine & whats
    assert {"S3 storage, old versions too", "Aurora storage"} <= whats
    assert 0 < offline.total < 2


def test_asleep_all_month_the_default_pod_keeps_the_promise(template: Template) -> None:
    asleep = case(template).bill(0)
    assert asleep.total < PROMISE
    assert asleep.awake_hours_a_day == 0


def test_the_hours_until_the_promise_breaks_are_where_it_breaks(template: Template) -> None:
    quiet = case(template)
    hours = quiet.hours_until(PROMISE)
    assert hours is not None
    assert quiet.bill(hours).total == pytest.approx(PROMISE)


def test_an_hour_awake_costs_half_an_acu_and_its_requests(template: Template) -> None:
    assert case(template).usd_per_awake_hour() == pytest.approx(0.5 * 0.14 + 2000 / 1e6 * 0.22)


def test_the_quiet_pod_keeps_the_promise(template: Template) -> None:
    assert case(template).bill().total < PROMISE


def test_the_quiet_pods_month_is_below_the_budgets_first_mail(template: Template) -> None:
    budget = template["Resources"]["Budget"]["Properties"]
    share = min(
        it["Notification"]["Threshold"]
        for it in budget["NotificationsWithSubscribers"]
        if it["Notification"]["NotificationType"] == "ACTUAL"
    )
    first_mail = float(template["Parameters"]["MonthlyBudget"]["Default"]) * share / 100
    assert case(template).bill().total < first_mail


def test_with_nothing_waiting_or_more_to_do_the_quiet_pod_breaks_the_promise(
    template: Template,
) -> None:
    assert case(template, FederationPatience="0").bill().total > 2 * PROMISE
    for text, rates in MORE.items():
        more = with_rates(PROFILES["quiet"], rates, text)
        assert low_cost_case(template, more).bill().total > PROMISE


@pytest.mark.parametrize("size", ["micro", "small", "medium"])
def test_an_instance_is_paid_for_all_month_whatever_people_do(
    template: Template, size: str
) -> None:
    answers = {"DatabaseKind": INSTANCE, "DatabaseInstanceClass": f"db.t4g.{size}"}
    instance = case(template, **answers)
    usd = price_list("eu-west-1")[f"rds.t4g.{size}"].usd
    assert row(instance, f"RDS db.t4g.{size}").usd == pytest.approx(HOURS * usd)
    assert row(instance, "RDS disk, gp3").quantity == 20
    assert not [line for line in instance.bill().lines if line.what.startswith("Aurora")]
    assert (instance.awake_hours_a_day(), instance.sleeps) == (24, False)


def test_an_instance_restored_from_a_snapshot_has_a_price(template: Template) -> None:
    restored = case(template, DatabaseKind=INSTANCE, DatabaseSnapshot="pod-before-move")
    assert row(restored, "RDS disk, gp3").quantity == 20


@pytest.mark.parametrize(("name", "value"), [("MultiAZ", True), ("StorageType", "io2")])
def test_an_instance_of_another_price_is_not_taken_for_ours(
    template: Template, name: str, value: str | bool
) -> None:
    template["Resources"]["DatabaseInstance"]["Properties"][name] = value
    with pytest.raises(ValueError, match="no price is known for a database in two zones"):
        case(template, DatabaseKind=INSTANCE).bill()


def test_people_decide_which_kind_of_database_is_cheaper(template: Template) -> None:
    def dearer(profile: str) -> float:
        aurora = case(template, profile)
        return aurora.of_kind(INSTANCE).bill().total - aurora.bill().total

    assert dearer("alone") > 0
    assert dearer("quiet") > 0
    assert dearer("hundred") < 0
    assert dearer("busy") < 0


def test_at_the_break_even_both_kinds_cost_the_same(template: Template) -> None:
    quiet = case(template)
    hours = quiet.hours_until_instance()
    assert hours is not None
    assert quiet.bill(hours).total == pytest.approx(quiet.of_kind(INSTANCE).bill().total)


def test_messages_wait_only_where_the_database_sleeps_meanwhile(template: Template) -> None:
    assert case(template).machine.patience == 240
    assert case(template, FederationPatience="60").machine.patience == 60
    assert case(template, DatabaseMinCapacity="0.5").machine.patience == 0
    assert case(template, DatabaseKind=INSTANCE).machine.patience == 0


def test_worst_cases_are_worse(template: Template) -> None:
    worst = worst_cases(case(template, "alone"))
    assert len(worst) == 3
    assert min(worst.values()) > case(template, "alone").bill().total
    assert len(worst_cases(case(template, CpuCredits="standard"))) == 2


def test_a_worst_case_is_named_only_where_it_can_come(template: Template) -> None:
    assert worst_cases(case(template, PodState="offline")) == {}
    (surplus,) = worst_cases(case(template, DatabaseMinCapacity="1"))
    assert "CPU" in surplus
    machine, database = worst_cases(case(template, DatabaseKind=INSTANCE))
    assert "every CPU" in machine
    assert "the database's CPU" in database


def test_surplus_credits_of_a_small_arm_machine_are_what_two_busy_threads_do_not_earn(
    template: Template,
) -> None:
    arm = case(template, "alone", PodInstanceType="t4g.small")
    surplus = list(worst_cases(arm).values())[-1] - arm.bill().total
    assert surplus == pytest.approx(2 * 0.8 * 730 * 0.04)


def test_only_the_free_tier_takes_off_what_new_accounts_have(template: Template) -> None:
    alarms = "CloudWatch alarms"
    assert row(case(template), alarms).usd == pytest.approx(0.60)
    assert row(replace(case(template), free_tier=True), alarms).usd == 0
    # Free for everybody, for ever.
    assert row(case(template), "Data sent to visitors").usd == 0


def test_photos_cost_requests_and_old_versions(template: Template) -> None:
    many = replace(PROFILES["quiet"], photos_per_month=1000)
    some = replace(PROFILES["quiet"], photos_per_month=500)
    dear, cheap = (low_cost_case(template, p) for p in (many, some))
    assert row(dear, "S3 writes").usd == pytest.approx(2 * row(cheap, "S3 writes").usd)
    gb = "S3 storage, old versions too"
    assert row(dear, gb).quantity > row(cheap, gb).quantity


def test_what_cannot_be_created_has_no_price(template: Template) -> None:
    with pytest.raises(ValueError, match="Mail is on"):
        case(template, MailDomain="").bill()
