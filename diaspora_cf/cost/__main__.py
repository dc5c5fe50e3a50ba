"""Prints what a stack costs a month: ``python -m diaspora_cf.cost --help``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import TypeVar

from ..missing import explained

with explained("make cost"):
    from ..stacks import STACKS
    from . import report
    from .bill import Case
    from .machines import STOCK, image
    from .prices import price_list
    from .profiles import PROFILES, chosen

Entry = TypeVar("Entry")
MACHINES = {machine.name: machine for machine in (image(), STOCK)}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 0, or 2 after one line about what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        case = _case(options)
        print(json.dumps(report.as_dict(case), indent=2) if options.json else report.text(case))
    except ValueError as error:
        print(f"cost: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cost", description=__doc__)
    parser.add_argument("--stack", default="low_cost", metavar="NAME", help=_names(STACKS))
    parser.add_argument("--region", default="eu-west-1", metavar="NAME")
    parser.add_argument(
        "--profile",
        default="quiet",
        metavar="NAME[,RATE=NUMBER...]",
        help=f"{_names(PROFILES)}, with rates of your own: quiet,sessions=6,fetches=12",
    )
    parser.add_argument("--machine", default=image().name, metavar="NAME", help=_names(MACHINES))
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an answer to the template's question, as often as needed",
    )
    parser.add_argument(
        "--free-tier", action="store_true", help="take off what an account has free a month"
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _case(options: argparse.Namespace) -> Case:
    case = Case(
        template=_known(STACKS, "stack", options.stack)().to_dict(),
        prices=price_list(options.region),
        profile=chosen(options.profile),
        answers=dict(map(_answer, options.parameter)),
        stock=_known(MACHINES, "machine", options.machine) is STOCK,
        free_tier=options.free_tier,
    )
    case.require_prices()
    return case


def _names(known: Mapping[str, object]) -> str:
    return f"one of {', '.join(known)}"


def _known(known: Mapping[str, Entry], what: str, name: str) -> Entry:
    if name not in known:
        raise ValueError(f"no {what} {name!r}; there is {', '.join(known)}")
    return known[name]


def _answer(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--parameter takes NAME=VALUE, not {text!r}")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
