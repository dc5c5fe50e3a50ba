"""A bill as text for a terminal, and as JSON for programs; ``table`` shows it in the README."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from .bill import KINDS, PROMISE, Bill, Case, worst_cases
from .charges import Line
from .prices import WAYS
from .profiles import RATES

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
        "rates": rates(case),
        "machine": case.machine.name,
        "patience_minutes": case.machine.patience,
        "awake_hours_a_day": round(bill.awake_hours_a_day, 3),
        **_sleep(case),
        "rows": [_row(line) for line in bill.lines],
        "total": round(bill.total, 4),
        "fixed": round(bill.fixed, 4),
        "kinds": {kind: round(usd, 4) for kind, usd in kinds(case).items()},
        "offline": round(offline(case).bill().total, 4),
        "worst": {name: round(usd, 4) for name, usd in worst_cases(case).items()},
        "not_included": list(NOT_INCLUDED),
    }


def _sleep(case: Case) -> dict[str, Any]:
    """What is only there where a database falls asleep, and is asked."""
    if not _wakes(case):
        return {}
    awake = case.awake()
    return {
        "wakes_a_day": {kind: round(count, 3) for kind, count in awake.wakes.items()},
        "waited_minutes": round(awake.waited_minutes, 1),
        "asleep_all_month": round(case.bill(0).total, 4),
        "usd_per_awake_hour": round(case.usd_per_awake_hour(), 5),
        "awake_hours_a_day_at_20_usd": case.hours_until(PROMISE),
        "awake_hours_a_day_at_instance": case.hours_until_instance(),
        "nothing_waits": round(impatient(case).bill().total, 4),
        "stock_diaspora": round(stock(case).bill().total, 4),
    }


def text(case: Case) -> str:
    """The bill for a terminal."""
    bill = case.bill()
    lines = [
        f"{case.profile.name}: {case.profile.text}. {case.prices.region}, USD a month of 730 h.",
        f"Its rates: {', '.join(f'{name} {value:g}' for name, value in rates(case).items())}.",
        *_awake(case, bill),
        "",
        f"{'':32}{'quantity':>12}  {'unit':<17}{'USD a unit':>11}{'USD':>9}",
        *(_text_row(line) for line in bill.lines),
        f"{'total':32}{'':>12}  {'':<17}{'':>11}{bill.total:>9.2f}",
        "",
        *_kinds(case),
        *_remarks(case),
        "",
        *_worst(case),
        f"Not included: {'; '.join(NOT_INCLUDED)}.",
        "Free for everybody: " + free_of_charge(case) + ".",
        *_marks(bill.lines),
    ]
    return "\n".join(lines)


def rates(case: Case) -> dict[str, float]:
    """The profile's rates by name."""
    whole = asdict(case.profile)
    return {name: whole[name] for name in RATES}


def _wakes(case: Case) -> bool:
    return case.sleeps and not case.offline


def _awake(case: Case, bill: Bill) -> list[str]:
    if not case.sleeps:
        return ["The database never sleeps."]
    if case.offline:
        return ["The pod is offline, and the database sleeps."]
    awake = case.awake()
    often = [f"{kind} {count:.1f}" for kind, count in awake.wakes.items() if count >= 0.05]
    return [
        f"The database is awake {bill.awake_hours_a_day:.1f} h a day ({case.machine.text}).",
        f"What wakes it, times a day: {', '.join(often) or 'hardly anything'}.",
    ]


def kinds(case: Case) -> dict[str, float]:
    """USD a month with each kind of database."""
    return {kind: case.of_kind(kind).bill().total for kind in KINDS}


def _kinds(case: Case) -> list[str]:
    """Which kind of database is cheaper; of a pod that is offline nobody asks."""
    if case.offline:
        return []
    (cheaper, usd), (dearer, more) = sorted(kinds(case).items(), key=lambda pair: pair[1])
    lines = [f"The cheaper database for this use: {cheaper}, {usd:.2f}; {dearer}, {more:.2f}."]
    hours = case.hours_until_instance()
    if hours is not None and case.of_kind(KINDS[0]).sleeps:
        lines.append(f"{KINDS[1]} is cheaper from {hours:.1f} h awake a day on.")
    return [*lines, ""]


def _remarks(case: Case) -> list[str]:
    """Single figures in the order in which a person asks for them, with what they are."""
    remarks = {"of it whatever people do": case.bill().fixed}
    if not case.offline:
        if case.sleeps:
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
    }
    if case.machine.patience:
        waited = f"messages wait {case.awake().waited_minutes:.0f} minutes on average"
        remarks[f"with FederationPatience 0; as it is, {waited}"] = impatient(case).bill().total
    if not case.stock:
        remarks["on diaspora* as it comes"] = stock(case).bill().total
    return remarks


def _worst(case: Case) -> list[str]:
    rows = [f"  {usd:>8.2f}  {name}" for name, usd in worst_cases(case).items()]
    return ["Worst cases:", *rows, ""] if rows else []


def offline(case: Case) -> Case:
    """The case with the pod switched off."""
    return case.with_answers(PodState="offline")


def impatient(case: Case) -> Case:
    """The case with all off that lets the database sleep longer."""
    return case.with_answers(FederationPatience="0")


def stock(case: Case) -> Case:
    """The case with diaspora* as it comes."""
    return replace(case, stock=True)


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


def _text_row(line: Line) -> str:
    return (
        f"{line.what:32}{quantity(line):>12}  {line.price.unit:<17}"
        f"{line.price.usd:>9g} {MARKS[line.price.read]}{line.usd:>9.2f}"
    )


def quantity(line: Line) -> str:
    """A line's quantity as it is shown."""
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
