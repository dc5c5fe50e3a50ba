"""Importing does nothing, and goes one way: no resource is built, no environment read."""

from __future__ import annotations

import ast
import os
import pkgutil
import subprocess
import sys

import diaspora_cf
from diaspora_cf.generator import ROOT

# Each takes from those before it only; folders and modules of the package itself.
LAYERS = (
    {"missing", "template"},
    {"parameters", "packer_policy", "pages"},
    {"resources"},
    {"stacks"},
    {"cost"},
    {"generator"},
)
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


def test_no_part_of_the_generator_takes_from_one_above_or_beside_it() -> None:
    height = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    package = ROOT / "diaspora_cf"
    found = 0
    for file in package.rglob("*.py"):
        place = file.relative_to(package).with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level < len(place):
                continue
            taken = (node.module or node.names[0].name).partition(".")[0]
            assert height[taken] < height[place[0]], f"{file}: {taken}"
            found += 1
    assert found > 60
