"""Runs the rehearsal for ``make rehearse`` and its like."""

from __future__ import annotations

import os
import sys

from .checks import fault
from .isolation import RUN, enter, run_isolated
from .lanes import DIASPORA, OUTAGES, SLEEP, run_all


def main(arguments: list[str]) -> int:
    """Everything, with the stand-in. Or the first argument says what:

    ``bake`` the image; ``shell``, a pod; ``diaspora``, the stories named behind it, or all of its
    own and the report; ``sleep``, the long ones; ``outages``, those that measure them. All else are
    pytest's arguments.
    """
    if RUN in os.environ:
        return _inside(arguments)
    if text := fault(looks=arguments[:1] == ["diaspora"]):
        print(text, file=sys.stderr)
        return 1
    return run_isolated(arguments) if arguments else run_all()


def _inside(arguments: list[str]) -> int:
    """The part that runs in namespaces of its own."""
    run = enter()
    if arguments[0] == "bake":
        from .bake import bake

        bake(run)
        return 0
    if arguments[0] == "shell":
        from .shell import look_around

        return look_around(arguments[1:])
    import pytest

    if arguments[0] == "diaspora":
        arguments = arguments[1:] or DIASPORA
    if arguments[0] == "sleep":
        arguments = arguments[1:] or SLEEP
    if arguments[0] == "outages":
        arguments = OUTAGES
    # The project's own options leave this folder out.
    options = ["--override-ini=addopts=--strict-markers --strict-config", "--capture=no"]
    return int(pytest.main([*options, "--verbose", "--durations=0", *arguments]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
