"""A bill as text for a terminal, as Markdown for the README, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .awake import STOCK
from .bill import PROMISE, Bill, Case, low_cost_case, worst_cases
from .charges import Line
from .prices import WAYS
from .profiles import PROFILES

# Minutes that public messages could wait for each other; what it would bring is only computed.
BATCH_MINUTES = 60
MARKS = dict(zip(WAYS, " qsom", strict=True))
NOT_INCLUDED = (
    "tax",
    "the domain's registration",
    "support plans",
    "traffic between availability zones after the database moved to the other one (0.01 a GB)",
    "snapshots that you take, and backups larger than the database",
    "building images (minutes of a machine each)",
)


def as_dict(case: Case) -> dict[str, Any]:
    """Everything that the text says, for programs; USD a month unless a key says otherwise."""
    bill = case.bill()
    return {
        "region": case.prices.region,
        "profile": case.profile.name,
        "machine": case.machine.name,
        "awake_hours_a_day": round(bill.awake_hours_a_day, 3),
        "rows": [_row(line) for line in bill.lines],
        "total": round(bill.total, 4),
        "fixed": round(bill.fixed, 4),
        "asleep_all_month": None if case.never_sleeps else round(case.bill(0).total, 4),
        "offline": round(offline(case).bill().total, 4),
        "usd_per_awake_hour": None if case.never_sleeps else round(case.usd_per_awake_hour(), 5),
        "awake_hours_a_day_at_20_usd": None if case.never_sleeps else case.hours_until(PROMISE),
        "stock_diaspora": round(replace(case, machine=STOCK).bill().total, 4),
        "not_built": None if case.never_sleeps else _not_built(case),
        "worst": {name: round(usd, 4) for name, usd in worst_cases(case).items()},
        "not_included": list(NOT_INCLUDED),
    }


def _not_built(case: Case) -> dict[str, Any]:
    return {
        "batched_minutes": BATCH_MINUTES,
        "awake_hours_a_day": round(batched(case).awake_hours_a_day(), 3),
        "total": round(batched(case).bill().total, 4),
    }


def text(case: Case) -> str:
    """The bill for a terminal."""
    bill = case.bill()
    lines = [
        f"{case.profile.name}: {case.profile.text}. {case.prices.region}, USD a month of 730 h.",
        _awake(case, bill),
        "",
        f"{'':32}{'quantity':>12}  {'unit':<17}{'USD a unit':>11}{'USD':>9}",
        *(_text_row(line) for line in bill.lines),
        f"{'total':32}{'':>12}  {'':<17}{'':>11}{bill.total:>9.2f}",
        "",
        *_remarks(case),
        "",
        *_worst(case),
        f"Not included: {'; '.join(NOT_INCLUDED)}.",
        "Free for everybody: " + free_of_charge(case) + ".",
        *_marks(bill.lines),
    ]
    return "\n".join(lines)


def _awake(case: Case, bill: Bill) -> str:
    if case.never_sleeps:
        return "The database never sleeps."
    if case.offline:
        return "The pod is offline, and the database sleeps."
    how = case.machine.text
    if case.wait_minutes:
        how += f", were messages to wait {case.wait_minutes} minutes for each other: not built yet"
    return f"The database is awake {bill.awake_hours_a_day:.1f} h a day ({how})."


def _remarks(case: Case) -> list[str]:
    """Single figures in the order in which a person asks for them, with what they are."""
    remarks = {"of it whatever people do": case.bill().fixed}
    if not case.offline:
        if not case.never_sleeps:
            remarks.update(_of_sleeping(case))
        remarks["with PodState offline"] = offline(case).bill().total
    return [f"  {usd:>8.3f}  {text}" for text, usd in remarks.items()]


def _of_sleeping(case: Case) -> dict[str, float]:
    """What is true of a database that may fall asleep, and is asked."""
    hours = case.hours_until(PROMISE)
    passed = "never passes" if hours is None else f"passes at {hours:.1f} h awake a day"
    remarks = {
        "if the database slept all month": case.bill(0).total,
        f"for each hour that it is awake; ${PROMISE:.0f} a month it {passed}": (
            case.usd_per_awake_hour()
        ),
        "on diaspora* as it comes": replace(case, machine=STOCK).bill().total,
    }
    if not case.wait_minutes:
        later = batched(case)
        waiting = f"if public messages waited up to {BATCH_MINUTES} minutes for each other"
        how = f"{waiting} ({later.awake_hours_a_day():.1f} h awake a day): not built yet"
        remarks[how] = later.bill().total
    return remarks


def _worst(case: Case) -> list[str]:
    rows = [f"  {usd:>8.2f}  {name}" for name, usd in worst_cases(case).items()]
    return ["Worst cases:", *rows, ""] if rows else []


def offline(case: Case) -> Case:
    """The case with the pod switched off."""
    return case.with_answers(PodState="offline")


def batched(case: Case) -> Case:
    """The case with public messages done together, which is not built."""
    return replace(case, wait_minutes=BATCH_MINUTES)


def free_of_charge(case: Case) -> str:
    """What is used without being paid for, as a list in words."""
    free = [
        line.price for line in case.bill().lines if line.free and line.price.free_for == "everybody"
    ]
    allowances = [f"the first {p.free:g} {p.unit} of {p.service}" for p in free]
    return ", ".join([*sorted(allowances), *_FREE_SERVICES])


_FREE_SERVICES = (
    "the S3 endpoint",
    "the certificate",
    "the VPC link",
    "secrets in SSM",
    "Session Manager",
    "the budget",
)


def cost_table(template: Mapping[str, Any], region: str = "eu-west-1") -> str:
    """The README's table: each profile's month, and the quiet one's rows."""
    cases = [low_cost_case(template, profile, region) for profile in PROFILES.values()]
    quiet = low_cost_case(template, PROFILES["quiet"], region)
    hours = quiet.hours_until(PROMISE)
    rows = [
        "| Who | Database awake | USD a month | if messages waited an hour (not built) | offline |",
        "|---|--:|--:|--:|--:|",
        *(_profile_row(case) for case in cases),
        "",
        f"The default pod ({quiet.rendered.parameters['PodInstanceType']}, {region}) costs "
        f"**${quiet.bill(0).total:.2f} a month with the database asleep**, and "
        f"**${quiet.usd_per_awake_hour():.3f} for each hour that it is awake**: "
        f"it passes ${PROMISE:.0f} at **{hours:.1f} hours awake a day**."
        if hours is not None
        else "",
        "",
        f"The *{quiet.profile.name}* pod's rows, the dearest first:",
        "",
        "| | Quantity | Unit | USD a unit | USD a month |",
        "|---|--:|---|--:|--:|",
        *(_markdown_row(line) for line in quiet.bill().lines),
        f"| **total** | | | | **{quiet.bill().total:.2f}** |",
        "",
        "Not included: "
        + "; ".join(NOT_INCLUDED)
        + ". Free for everybody: "
        + free_of_charge(quiet)
        + ".",
        "",
        "At worst: "
        + "; ".join(f"{name} **${usd:.2f}**" for name, usd in worst_cases(quiet).items())
        + ".",
    ]
    return "\n".join(rows)


def _profile_row(case: Case) -> str:
    bill, later = case.bill(), batched(case)
    return (
        f"| *{case.profile.name}*: {case.profile.text} | {bill.awake_hours_a_day:.1f} h a day "
        f"| **{bill.total:.2f}** | {later.bill().total:.2f} | {offline(case).bill().total:.2f} |"
    )


def _markdown_row(line: Line) -> str:
    mark = "" if line.price.read == WAYS[0] else f" *({line.price.read})*"
    return (
        f"| {line.what} | {_quantity(line)} | {line.price.unit} | {line.price.usd:g}{mark} "
        f"| {line.usd:.2f} |"
    )


def _text_row(line: Line) -> str:
    return (
        f"{line.what:32}{_quantity(line):>12}  {line.price.unit:<17}"
        f"{line.price.usd:>9g} {MARKS[line.price.read]}{line.usd:>9.2f}"
    )


def _quantity(line: Line) -> str:
    return f"{line.quantity:,.3f}".rstrip("0").rstrip(".")


def _marks(lines: tuple[Line, ...]) -> list[str]:
    """What the letters behind unit prices mean, as far as they are used."""
    used = {line.price.read for line in lines}
    ways = [f"{MARKS[way]} {way}" for way in WAYS if way in used and MARKS[way].strip()]
    return [f"Unit prices are from AWS's price list, but: {', '.join(ways)}."] if ways else []


def _row(line: Line) -> dict[str, Any]:
    price = line.price
    return {
        "what": line.what,
        "quantity": line.quantity,
        "free": line.free,
        "unit": price.unit,
        "usd_a_unit": price.usd,
        "usd": line.usd,
        "fixed": line.fixed,
        "price": {"source": price.source, "date": price.date, "read": price.read},
    }
