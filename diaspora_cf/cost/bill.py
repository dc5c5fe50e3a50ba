"""A month's bill for a stack, a region and a profile, and what it might be at worst."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import fsum
from typing import Any

from ..rendering import Rendered, failed_rules, render
from . import awake, charges, usage
from .awake import Machine, ours
from .charges import Line, Month
from .prices import PriceList, price_list
from .profiles import Profile

# What a person who asks for a price has not chosen yet; it costs the same whatever it is.
STAND_INS = {
    "PodAMI": "ami-00000000000000000",
    "DomainName": "pod.example.org",
    "AdminEmail": "you@example.org",
    "HostedZoneId": "Z0000000000000000000",
    "MailEnabled": "true",
    "MailDomain": "example.org",
}
PROMISE = 20.0
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
    machine: Machine = field(default_factory=ours)
    wait_minutes: int = 0
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
    def cluster(self) -> dict[str, Any]:
        """The database's properties."""
        found: dict[str, Any] = self.rendered.resources["DatabaseCluster"]["Properties"]
        return found

    @property
    def offline(self) -> bool:
        """Whether there is no machine that could ask the database anything."""
        return not _of_type(self.rendered, "AWS::EC2::Instance")

    @property
    def never_sleeps(self) -> bool:
        """Whether the database is kept awake, and paid for, whatever happens."""
        return charges.never_sleeps(self.cluster)

    def require_prices(self) -> None:
        """Raise UnknownRegionError with every price that the case needs and its region lacks."""
        complete = replace(self, prices=price_list(COMPLETE_REGION))
        self.prices.require(line.price.key for line in complete.bill().lines)

    def awake_hours_a_day(self) -> float:
        """Hours a day for which the database is billed."""
        if self.never_sleeps:
            return 24.0
        if self.offline:
            return 0.0
        pause = self.cluster["ServerlessV2ScalingConfiguration"]["SecondsUntilAutoPause"]
        connections = awake.day(self.profile, self.machine, self.wait_minutes)
        return awake.billed_minutes(connections, pause) / 60

    def bill(self, awake_hours_a_day: float | None = None) -> Bill:
        """The bill, with the database awake as the profile keeps it, or for these hours."""
        hours = self.awake_hours_a_day() if awake_hours_a_day is None else awake_hours_a_day
        use = usage.usage(self.profile, self._old_versions_days())
        if self.offline:
            use = usage.usage(_nobody(self.profile), 0)
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
    whole = case.bill(24).total
    most = float(case.cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"])
    least = charges.awake_capacity(case.cluster)
    found = {}
    if not case.never_sleeps:
        found[f"database awake all month at its least, {least:g} ACU"] = whole
    if most > least:
        at_most = whole + usage.HOURS * (most - least) * case.prices["aurora.acu"].usd
        found[f"database awake all month at its most, {most:g} ACU"] = at_most
    if (surplus := _surplus(case)) is not None:
        found["every CPU busy all month, paid by surplus credits"] = case.bill().total + surplus
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
    price = case.prices[f"ec2.credits.{family}"].usd
    return THREADS * (1 - BASELINE[size]) * usage.HOURS * price


def _of_type(rendered: Rendered, kind: str) -> list[dict[str, Any]]:
    return [resource for resource in rendered.resources.values() if resource["Type"] == kind]


def _nobody(profile: Profile) -> Profile:
    """The profile's photos without its people."""
    return replace(
        profile,
        present_minutes=0,
        inbound_per_hour=0,
        stranger_requests_per_hour=0,
        photos_per_month=0,
        sent_gb=0,
        mails_per_month=0,
    )
