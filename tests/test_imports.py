"""Importing does nothing: no resource is built, no environment read."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys

import diaspora_cf
from diaspora_cf.generator import ROOT

_PROBE = """
import importlib, os, sys, time
# What they import reads the environment: that is not ours.
import awacs.aws, matplotlib.backends.backend_svg, matplotlib.figure
import troposphere, troposphere.ec2, yaml

def forbid(*_, **__):
    raise SystemExit(f"importing {module} does more than define")

class Sealed(dict):
    __getitem__ = get = __contains__ = __iter__ = keys = items = forbid

module = None
troposphere.BaseAWSObject.__init__ = troposphere.AWSHelperFn.__init__ = forbid
troposphere.Template.__init__ = awacs.aws.PolicyDocument.__init__ = forbid
time.time = time.time_ns = forbid
os.environ = Sealed()
os.getenv = forbid
for module in sys.argv[1:]:
    importlib.import_module(module)
print(len(sys.argv) - 1)
"""


def modules() -> list[str]:
    found = pkgutil.walk_packages(diaspora_cf.__path__, "diaspora_cf.")
    return sorted(m.name for m in found if not m.name.endswith("__main__"))


def test_importing_any_module_builds_nothing_and_reads_no_environment() -> None:
    names = modules()
    assert len(names) > 25
    result = subprocess.run(
        [sys.executable, "-c", _PROBE, *names],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout.strip()) == (0, str(len(names))), result.stderr
