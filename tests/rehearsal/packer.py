"""Runs Packer on a template, and takes the time of each of its steps."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .log import Broken, say
from .network import Namespace

_STEP = re.compile(r"==> \S+ (?:Provisioning with shell script:|Uploading) (\S+)")
_LAST_LINES = 80


@dataclass(frozen=True)
class Step:
    """One provisioner's run, by the file that it ran or uploaded."""

    name: str
    seconds: float


def template_to_run(template: Mapping[str, Any], builder: Mapping[str, Any]) -> dict[str, Any]:
    """The committed template with another builder, and nothing else changed."""
    return {**template, "builders": [dict(builder)]}


def run_packer(
    template: Path, variables: Mapping[str, str], namespace: Namespace, log: Path
) -> list[Step]:
    """Build a template from its own folder, as a person does; returns what was done when.

    What Packer says goes to ``log``, with seconds in front. Raises Broken where the build fails.
    """
    declared = json.loads(template.read_text())["variables"]
    given = [f"-var={name}={value}" for name, value in variables.items() if name in declared]
    with namespace.inside():
        process = subprocess.Popen(
            ["packer", "build", "-color=false", *given, template.name],
            cwd=template.parent,
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    steps = _follow(process, log)
    if process.wait() != 0:
        last = log.read_text().splitlines()[-_LAST_LINES:]
        raise Broken("the bake failed; the last that Packer said:\n" + "\n".join(last))
    return steps


def _follow(process: subprocess.Popen[str], log: Path) -> list[Step]:
    """Read what Packer says until it is done: into the log, and as steps."""
    assert process.stdout
    began = since = time.monotonic()
    steps: list[Step] = []
    name = "connecting"
    with log.open("w") as file:
        for line in process.stdout:
            now = time.monotonic()
            file.write(f"{now - began:6.1f} {line}")
            if found := _STEP.match(line):
                steps.append(Step(name, round(now - since, 1)))
                name, since = Path(found[1]).name, now
                say(f"bake: {name}")
    return [*steps, Step(name, round(time.monotonic() - since, 1))]
