"""How long the generator takes, beside what it cannot do without, and beside a CDK app.

``make bench`` prints medians of several runs of one machine: compare the ratios, not the seconds.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from diaspora_cf.generator import ROOT
from diaspora_cf.stacks import STACKS
from diaspora_cf.template.emitter import emit

RUNS = 7
CDK = "aws-cdk-lib@2"
_CDK_APP = """
const cdk = require('aws-cdk-lib');
const app = new cdk.App();
const stack = new cdk.Stack(app, 'Bench');
for (let i = 0; i < COUNT; i++) {
  new cdk.CfnResource(stack, `Resource${i}`, {
    type: 'AWS::SNS::Topic', properties: { DisplayName: `topic ${i}` },
  });
}
app.synth();
"""


def median(action: Callable[[], object]) -> float:
    """The median of several runs in seconds, after one that does not count."""
    action()
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def process(*command: str, folder: Path = ROOT) -> Callable[[], object]:
    """An action that runs a whole process."""
    return lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True)


def python(*arguments: str) -> Callable[[], object]:
    return process(sys.executable, *arguments)


def show(title: str, seconds: float, base: float) -> None:
    print(f"  {title:<44} {seconds * 1000:8.0f} ms {seconds / base:7.2f}")


def count_resources() -> int:
    return sum(len(build().to_dict()["Resources"]) for build in STACKS.values())


def parts() -> dict[str, float]:
    """The parts of one run inside a process that is warm."""
    stacks = [build() for build in STACKS.values()]
    texts = [(stack.to_dict(), stack.headings) for stack in stacks]
    return {
        "build every stack": median(lambda: [build().to_dict() for build in STACKS.values()]),
        "emit every stack as YAML": median(lambda: [emit(*text, "here") for text in texts]),
    }


def cdk(resources: int) -> float | None:
    """A CDK app of as many plain resources; None where Node is not there."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package.json").write_text(json.dumps({"private": True}))
        install = [npm, "install", "--silent", "--no-fund", "--no-audit", CDK, "constructs@10"]
        subprocess.run(install, cwd=folder, check=True, capture_output=True)
        (folder / "app.js").write_text(_CDK_APP.replace("COUNT", str(resources)))
        return median(process("node", "app.js", folder=folder))


def main() -> None:
    """Measure and print."""
    resources = count_resources()
    print(f"{resources} resources; medians of {RUNS} runs; the last column: the first line = 1")
    with tempfile.TemporaryDirectory() as out:
        whole = median(python("generate.py", "--out", out))
    show("python generate.py, templates only", whole, whole)
    show("python generate.py --check, README too", median(python("generate.py", "--check")), whole)
    show("python -c pass", median(python("-c", "pass")), whole)
    show("import troposphere", median(python("-c", "import troposphere")), whole)
    show("import all of the generator", median(python("-c", "import generate")), whole)
    for title, seconds in parts().items():
        show(f"{title}, in a warm process", seconds, whole)
    node = cdk(resources)
    if node is None:
        print("  a CDK app: left out, there is no Node here")
    else:
        show(f"a CDK app of {resources} plain resources", node, whole)


if __name__ == "__main__":
    main()
