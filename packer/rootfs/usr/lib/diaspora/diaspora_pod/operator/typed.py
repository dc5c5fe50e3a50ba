"""What a podmin may type.

Apart from what the commands do: each unit of the boot reads this, and has a fifth of a processor.
"""

from __future__ import annotations

import argparse

from .logs import PARTS

COMMANDS = ("status", "doctor", "logs", "console", "admin", "import", "jobs", "support-bundle")
LINES = 200


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add every command of a podmin."""
    shown = commands.add_parser("status", help="how the pod is, in ten lines")
    shown.add_argument(
        "--database", action="store_true", help="ask the database too, which wakes for it"
    )
    asked = commands.add_parser(
        "doctor", help="ask for all that the pod needs, and say what to do; wakes the database"
    )
    asked.add_argument("--ask", default="", help=argparse.SUPPRESS)
    told = commands.add_parser("logs", help="what the pod, or a part of it, has said")
    told.add_argument("part", nargs="?", default="all", choices=PARTS)
    told.add_argument("--follow", "-f", action="store_true", help="and what it says from now on")
    told.add_argument("--lines", "-n", type=int, default=LINES, help=f"how many; {LINES}")
    commands.add_parser("console", help="the application's own console")
    granted = commands.add_parser(
        "admin", help="make somebody an admin, with an account if need be"
    )
    granted.add_argument("name", metavar="NAME", help="the user name")
    granted.add_argument("email", metavar="EMAIL", help="where a new account gets its mail")
    granted.add_argument(
        "--unseen", action="store_true", help="print no password: its owner sets one by a link"
    )
    imported = commands.add_parser("import", help="bring what somebody exported into an account")
    imported.add_argument("name", metavar="NAME", help="the account, made where it is missing")
    imported.add_argument(
        "files", metavar="FILE", nargs="+", help="the profile, the photos; transfer/X: the bucket's"
    )
    jobs = commands.add_parser("jobs", help="how many there are; which failed; try these again")
    jobs.add_argument("what", nargs="?", default="count", choices=("count", "failed", "retry"))
    commands.add_parser("support-bundle", help="logs and state without secrets, for who helps you")
