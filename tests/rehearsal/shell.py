"""One pod to look around in, with everything around it; it ends with the shell."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from .aws import Aws
from .bake import bake
from .isolation import RUN
from .log import say
from .pod import Pod, Pods

# Longer than a first boot's own deadline, so that the pod is the one to say what is wrong.
_PATIENCE = 1200
_COMMANDS = """
pod() {{ {enter} "${{@:-bash}}"; }}
visit() {{ ip netns exec visitor curl --silent --show-error --include --cacert {authority} \\
    --resolve {host}:443:{front} "https://{host}${{1:-/}}" "${{@:2}}"; }}
database() {{ psql --host={database} --username=postgres diaspora_production "$@"; }}
PS1='rehearsal# '
cat <<'END'

A pod runs at https://{host}/, and this shell is beside it, in the rehearsal:
  pod                      a shell on the machine; pod journalctl --boot, pod systemctl status …
  visit /path              what a visitor gets through the front
  database                 the pod's database
  exit                     ends everything
END
"""


def look_around(answers: list[str]) -> int:
    """Launch a pod with answers (``NAME=value``) and give a shell beside it; returns its status."""
    run = Path(os.environ[RUN])
    image = bake(run)
    aws = Aws(run)
    aws.reset()
    pods = Pods(aws, image, run)
    pod = pods.launch(**dict(answer.split("=", 1) for answer in answers))
    signal = pod.wait_for_signal(_PATIENCE)
    if signal.status == "SUCCESS":
        say(f"the front answers {pod.front.get('/').status}")
    commands = run / "commands"
    commands.write_text(_commands(pod, run))
    status = subprocess.run(["bash", "--rcfile", commands, "-i"], check=False).returncode
    pods.end()
    return status


def _commands(pod: Pod, run: Path) -> str:
    return _COMMANDS.format(
        enter=shlex.join(pod.machine.entrance()),
        authority=pod.aws.authority.file,
        host=pod.stack.host,
        front=pod.aws.vpc.FRONT,
        database=run / "database",
    )
