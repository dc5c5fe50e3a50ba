"""The bill in the README: every profile's month, and the quiet one's rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .bill import AURORA, COMPLETE_REGION, INSTANCE, PROMISE, Case, low_cost_case, worst_cases
from .charges import Line
from .prices import WAYS
from .profiles import PROFILES, Profile, with_rates
from .report import NOT_INCLUDED, free_of_charge, impatient, offline, quantity

QUIET = PROFILES["quiet"]
# What the quiet pod may well have more of: told beside it.
MORE = {
    "with twice the sessions": {"sessions": 2 * QUIET.sessions},
    "with three times as many of its posts opened from other pods": {"fetches": 3 * QUIET.fetches},
}
# The ones for which it makes a difference how long messages wait.
WAITING = ("quiet", "ten")


def cost_table(template: Mapping[str, Any], region: str = COMPLETE_REGION) -> str:
    """Everything that the README says of money, as Markdown."""
    quiet = low_cost_case(template, QUIET, region)
    return "\n".join(
        [
            *_profiles(template, region),
            "",
            *_patience(template, region),
            "",
            *_in_words(quiet),
            "",
            *_quiet(quiet),
        ]
    )


def profiles_told() -> list[Profile]:
    """The profiles, and after the quiet one what it is with more of this or that."""
    told: list[Profile] = []
    for profile in PROFILES.values():
        told.append(profile)
        if profile is QUIET:
            told += [with_rates(QUIET, rates, text) for text, rates in MORE.items()]
    return told


def _profiles(template: Mapping[str, Any], region: str) -> Iterator[str]:
    cases = [low_cost_case(template, profile, region) for profile in profiles_told()]
    yield "| Who | Database awake | USD a month | nothing waits | `rds-instance` | offline |"
    yield "|---|--:|--:|--:|--:|--:|"
    yield from map(_profile_row, cases)
    yield ""
    yield (
        f"USD a month with a database that sleeps (`{AURORA}`) and messages that wait for up to "
        f"{cases[0].machine.patience} minutes, the default; where nothing waits "
        f"(`FederationPatience` 0); with an ordinary database that never sleeps (`{INSTANCE}`, "
        f"{cases[0].rendered.parameters['DatabaseInstanceClass']}); and asleep with `PodState` "
        "offline, when an instance would be paid for all the same. Bold is the cheapest database."
    )


def _profile_row(case: Case) -> str:
    choices = [case, impatient(case), case.of_kind(INSTANCE)]
    totals = [choice.bill().total for choice in choices]
    cells = [f"**{usd:.2f}**" if usd == min(totals) else f"{usd:.2f}" for usd in totals]
    return (
        f"| *{case.profile.name}*: {case.profile.text} | {case.awake().hours:.1f} h a day "
        f"| {' | '.join(cells)} | {offline(case).bill().total:.2f} |"
    )


def _patience(template: Mapping[str, Any], region: str) -> Iterator[str]:
    """What each answer to the question costs, and how long messages then wait."""
    question = template["Parameters"]["FederationPatience"]
    names = [f"*{name}*: awake | USD a month | a message waits" for name in WAITING]
    yield f"| `FederationPatience` | {' | '.join(names)} |"
    yield "|--:|" + "--:|" * 3 * len(WAITING)
    for minutes in question["AllowedValues"]:
        cases = [
            low_cost_case(template, PROFILES[name], region, FederationPatience=minutes)
            for name in WAITING
        ]
        default = " (default)" if minutes == question["Default"] else ""
        yield f"| {minutes}{default} | {' | '.join(map(_waiting_cells, cases))} |"


def _waiting_cells(case: Case) -> str:
    awake = case.awake()
    waits = f"{awake.waited_minutes:.0f} min" if case.machine.patience else "never"
    return f"{awake.hours:.1f} h a day | {case.bill().total:.2f} | {waits}"


def _in_words(quiet: Case) -> Iterator[str]:
    kind = quiet.rendered.parameters["PodInstanceType"]
    yield (
        f"The default pod ({kind}, {quiet.prices.region}) costs "
        f"**${quiet.bill(0).total:.2f} a month with the database asleep**, and "
        f"**${quiet.usd_per_awake_hour():.3f} for each hour that it is awake**: it passes "
        f"${PROMISE:.0f} at **{quiet.hours_until(PROMISE):.1f} hours awake a day**, and from "
        f"**{quiet.hours_until_instance():.1f} hours** on an `{INSTANCE}` "
        f"({quiet.rendered.parameters['DatabaseInstanceClass']}) is cheaper."
    )


def _quiet(quiet: Case) -> Iterator[str]:
    worst = [f"{name} **${usd:.2f}**" for name, usd in worst_cases(quiet).items()]
    yield f"The *{quiet.profile.name}* pod's rows, the dearest first:"
    yield ""
    yield "| | Quantity | Unit | USD a unit | USD a month |"
    yield "|---|--:|---|--:|--:|"
    yield from map(_markdown_row, quiet.bill().lines)
    yield f"| **total** | | | | **{quiet.bill().total:.2f}** |"
    yield ""
    free = free_of_charge(quiet)
    yield f"Not included: {'; '.join(NOT_INCLUDED)}. Free for everybody: {free}."
    yield ""
    yield f"At worst: {'; '.join(worst)}."


def _markdown_row(line: Line) -> str:
    mark = "" if line.price.read == WAYS[0] else f" *({line.price.read})*"
    return (
        f"| {line.what} | {quantity(line)} | {line.price.unit} | {line.price.usd:g}{mark} "
        f"| {line.usd:.2f} |"
    )
