#!/usr/bin/env python3
"""Writes the CloudFormation templates, or checks that the committed ones are up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from diaspora_cf.missing import explained

with explained("make generate"):
    from diaspora_cf import generator
    from diaspora_cf.stacks import STACKS


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns 0, 1 where ``--check`` finds a difference, or 2."""
    options = _parser().parse_args(arguments)
    try:
        artifacts = _artifacts(options)
        if options.check:
            return _check(artifacts)
        generator.write(artifacts)
    except generator.GenerateError as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="generate.py", description=__doc__)
    parser.add_argument("--stack", metavar="NAME", help=f"only this one of {_known()}")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file differs"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write the templates below this folder, and leave all pages alone",
    )
    return parser


def _known() -> str:
    return ", ".join(STACKS)


def _artifacts(options: argparse.Namespace) -> list[generator.Artifact]:
    names = [options.stack] if options.stack is not None else list(STACKS)
    if unknown := [name for name in names if name not in STACKS]:
        raise generator.GenerateError(f"no stack {unknown[0]!r}; there is {_known()}")
    if options.out is not None:
        return generator.templates(names, options.out)
    written = generator.templates(names, generator.ROOT / "templates") + generator.readme(names)
    if options.stack is not None:
        return written
    return written + generator.policy() + generator.operations()


def _check(artifacts: list[generator.Artifact]) -> int:
    found = generator.differences(artifacts)
    for difference in found:
        print(difference)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
