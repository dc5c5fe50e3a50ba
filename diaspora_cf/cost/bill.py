"""A month's bill for a stack, a region and a profile, and what it might be at worst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum
from typing import Any

from ..template.rendering import Rendered, failed_rules, render
from . import charges, usage
from .awake import Awake, awake
from .charges import Line, Month
from .machines import STOCK, Machine, image
from .prices import PriceList, price_list
from .profiles import Profile, nobody

# What a person who asks for a price has not chosen yet; it costs the same whatever it is.
STAND_INS = {
    "PodAMI": "ami-00000000000000000",
    "DomainName": "pod.example.org",
    "AdminEmail": "you@example.org",
    "HostedZoneId": "Z0000000000000000000",
    "MailEnabled": "true",
    "MailDomain": "example.org",
    "MonthlyBudget": "0",
}
PROMISE = 20.0
AURORA, INSTANCE = KINDS = ("aurora-serverless", "rds-instance")
COMPLETE_REGION = "eu-west-1"
# Two threads each, of which this share is earned (EC2 User Guide, burstable instances).
THREADS = 2
BASELINE = {"micro": 0.1, "small": 0.2, "medium": 0.2}


@dataclass(frozen=True)
class Case:
    """What is priced: a template under answers, in a region, with a use."""

    template: Mapping[str, Any]
    prices: PriceList
    profile: Profile
    answers: Mapping[str, str]
    stock: bool = False
    free_tier: bool = False

    @cached_property
    def rendered(self) -> Rendered:
        """The template under the answers; raises ValueError where they do not work."""
        known = self.template["Parameters"]
        answers = {name: value for name, value in STAND_INS.items() if name in known}
        answers |= self.answers
        if told := failed_rules(self.template, answers):
            raise ValueError(told[0])
        return render(self.template, answers, region=self.prices.region)

    @property
    def cluster(self) -> dict[str, Any] | None:
        """Aurora's properties; None where the database is an ordinary instance."""
        found = _of_type(self.rendered, "AWS::RDS::DBCluster")
        return found[0]["Properties"] if found else None

    @property
    def sleeps(self) -> bool:
        """Whether the database may fall asleep, and is not paid for while it does."""
        return self.cluster is not None and not charges.never_sleeps(self.cluster)

    @property
    def offline(self) -> bool:
        """Whether there is no machine that could ask the database anything."""
        return not _of_type(self.rendered, "AWS::EC2::Instance")

    @property
    def machine(self) -> Machine:
        """Our image, as patient as the answers let it be, or diaspora* as it comes."""
        return STOCK if self.stock else image(self._patience())

    def _patience(self) -> int:
        return int(self.rendered.parameters["FederationPatience"]) if self.sleeps else 0

    def require_prices(self) -> None:
        """Raise UnknownRegionError with every price that the case needs and its region lacks.

        Both kinds of database are needed, because they are compared.
        """
        complete = replace(self, prices=price_list(COMPLETE_REGION))
        bills = [complete.of_kind(kind).bill() for kind in KINDS]
        self.prices.require(line.price.key for bill in bills for line in bill.lines)

    def awake(self) -> Awake:
        """A day of a database that may sleep: hours, wakes, and how long messages waited."""
        if self.cluster is None:
            raise ValueError("an instance never sleeps")
        pause = self.cluster["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"]
        return awake(self.profile, self.machine, float(pause))

    def awake_hours_a_day(self) -> float:
        """Hours a day for which the database is billed."""
        if not self.sleeps:
            return 24.0
        return 0.0 if self.offline else self.awake().hours

    def bill(self, awake_hours_a_day: float | None = None) -> Bill:
        """The bill, with the database awake as the profile keeps it, or for these hours."""
        hours = self.awake_hours_a_day() if awake_hours_a_day is None else awake_hours_a_day
        profile = nobody(self.profile) if self.offline else self.profile
        use = usage.usage(profile, 0 if self.offline else self._old_versions_days())
        month = Month(self.rendered, self.prices, use, hours * usage.DAYS, self.free_tier)
        return Bill(hours, tuple(charges.lines(month)))

    def _old_versions_days(self) -> float:
        """For how long the bucket keeps old versions; one brought along is taken to do as ours."""
        rules = self.template["Resources"]["AssetsBucket"]["Properties"]["LifecycleConfiguration"]
        expiring = [r for r in rules["Rules"] if "NoncurrentVersionExpiration" in r]
        return float(expiring[0]["NoncurrentVersionExpiration"]["NoncurrentDays"])

    def usd_per_awake_hour(self) -> float:
        """USD for one hour of the database being awake, its input and output included."""
        return (self.bill(24).total - self.bill(0).total) / usage.HOURS

    def hours_until(self, usd: float = PROMISE) -> float | None:
        """Awake hours a day from which a month costs more than this; None where it never does."""
        asleep = self.bill(0).total
        hours = (usd - asleep) / (self.usd_per_awake_hour() * usage.DAYS)
        return max(0.0, hours) if hours < 24 else None

    def with_answers(self, **answers: str) -> Case:
        """The same case with other answers."""
        return replace(self, answers={**self.answers, **answers})

    def of_kind(self, kind: str) -> Case:
        """The same case with this kind of database."""
        return self.with_answers(DatabaseKind=kind)

    def hours_until_instance(self) -> float | None:
        """Awake hours a day from which an instance is cheaper; None where it never is."""
        return self.of_kind(AURORA).hours_until(self.of_kind(INSTANCE).bill().total)


@dataclass(frozen=True)
class Bill:
    """A month's rows, the dearest first, and the database's hours that they assume."""

    awake_hours_a_day: float
    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """USD a month."""
        # Not sum(), whose last digit depends on Python's version.
        return fsum(line.usd for line in self.lines)

    @property
    def fixed(self) -> float:
        """The part of it that does not depend on what people do."""
        return fsum(line.usd for line in self.lines if line.fixed)


def worst_cases(case: Case) -> dict[str, float]:
    """Names of what can go wrong, and the USD a month that the whole bill would be.

    Of a pod that is offline nothing can: there is no machine that could wake the database.
    """
    if case.offline:
        return {}
    found = _worst_of_aurora(case, case.cluster) if case.cluster else {}
    total = case.bill().total
    if (surplus := _surplus(case)) is not None:
        found["every CPU busy all month, paid by surplus credits"] = total + surplus
    if (surplus := _surplus_of_database(case)) is not None:
        found["the database's CPU busy all month, paid by surplus credits"] = total + surplus
    return found


def _worst_of_aurora(case: Case, cluster: dict[str, Any]) -> dict[str, float]:
    whole = case.bill(24).total
    most = float(cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"])
    least = charges.awake_capacity(cluster)
    found = {}
    if case.sleeps:
        found[f"database awake all month at its least, {least:g} ACU"] = whole
    if most > least:
        at_most = whole + usage.HOURS * (most - least) * case.prices["aurora.acu"].usd
        found[f"database awake all month at its most, {most:g} ACU"] = at_most
    return found


def low_cost_case(
    template: Mapping[str, Any],
    profile: Profile,
    region: str = COMPLETE_REGION,
    **answers: str,
) -> Case:
    """A case with the template's defaults but for these answers."""
    return Case(template, price_list(region), profile, answers)


def _surplus(case: Case) -> float | None:
    """USD a month for CPU beyond what the machine earns; None where it cannot be used."""
    machines = _of_type(case.rendered, "AWS::EC2::LaunchTemplate")
    data = machines[0]["Properties"]["LaunchTemplateData"]
    if data["CreditSpecification"]["CpuCredits"] != "unlimited":
        return None
    family, size = data["InstanceType"].split(".")
    return _busy(size, case.prices[f"ec2.credits.{family}"].usd)


def _surplus_of_database(case: Case) -> float | None:
    """The same of an instance, for which RDS offers no choice; None where there is none."""
    if case.cluster is not None:
        return None
    (properties,) = (it["Properties"] for it in _of_type(case.rendered, "AWS::RDS::DBInstance"))
    _, family, size = properties["DBInstanceClass"].split(".")
    return _busy(size, case.prices[f"rds.credits.{family}"].usd)


def _busy(size: str, usd: float) -> float:
    return THREADS * (1 - BASELINE[size]) * usage.HOURS * usd


def _of_type(rendered: Rendered, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in rendered.resources.values() if resource["Type"] == kind]
