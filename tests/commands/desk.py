"""The desk of somebody who types commands: a folder, programs, and an AWS that is not one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.server import ThreadedMotoServer

from diaspora_cf.generator import ROOT

# Each notes down how it was called. git brings the project, as a clone would.
_NOTE = '#!/bin/sh\nprintf "%s\\n" "${0##*/} $*" >>"$CALLS"\n'
_STAND_INS = {
    "git": f'{_NOTE}ln -s {ROOT} "$3"\n',
    "make": _NOTE,
    "packer": _NOTE,
    "sudo": f'{_NOTE}exec env "$@"\n',
    "apt-get": _NOTE,
}


class Desk:
    """Where blocks are run; ``calls`` are those of programs, ``stacks`` what CloudFormation got."""

    def __init__(self, folder: Path, aws: str, cloudformation: _CloudFormation) -> None:
        self.folder = folder
        self._cloudformation = cloudformation
        programs = folder / "bin"
        programs.mkdir()
        for name, text in _STAND_INS.items():
            _program(programs / name, text)
        real = Path(sys.executable).with_name("aws")
        _program(programs / "aws", f'{_NOTE}exec {sys.executable} {real} "$@"\n')
        (programs / "python3").symlink_to(sys.executable)
        self.environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(folder),
            "CALLS": str(folder / "calls"),
            "AWS_ACCESS_KEY_ID": "A",
            "AWS_SECRET_ACCESS_KEY": "S",
            # The first block of README says so.
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ENDPOINT_URL": aws,
            "AWS_ENDPOINT_URL_CLOUDFORMATION": cloudformation.address,
            "AWS_PAGER": "",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def run(self, text: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a block as a script of its own, in the project's folder."""
        return self._run(["sh", "-e", "-u", "-c", text], text, typed)

    def paste(self, text: str, typed: str) -> subprocess.CompletedProcess[str]:
        """Give a block to a shell line by line, as a terminal does, and then what is typed."""
        return self._run(["bash", "--norc", "--noprofile"], text, f"{text.rstrip()}\n{typed}")

    def _run(self, shell: list[str], text: str, typed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            shell,
            cwd=self.folder if "git clone" in text else ROOT,
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def aws(self, *words: str) -> dict[str, Any]:
        """Ask AWS something; what it answers."""
        command = [str(self.folder / "bin/aws"), *words, "--output", "json"]
        shown = subprocess.run(command, env=self.environment, capture_output=True, check=True)
        answer: dict[str, Any] = json.loads(shown.stdout)
        return answer

    @property
    def s3(self) -> Any:
        """S3 without the command line, which takes its time to start."""
        keys = {"aws_access_key_id": "A", "aws_secret_access_key": "S"}
        address = self.environment["AWS_ENDPOINT_URL"]
        return boto3.client("s3", region_name="eu-west-1", endpoint_url=address, **keys)

    @property
    def calls(self) -> list[str]:
        """How programs were called so far."""
        file = Path(self.environment["CALLS"])
        return file.read_text("utf-8").splitlines() if file.exists() else []

    @property
    def parameters(self) -> dict[str, str]:
        """The answers that CloudFormation got last."""
        return self._cloudformation.parameters

    @contextmanager
    def stack(self, *questions: str) -> Iterator[None]:
        """For a while the stack that is asked for is there, with answers to these questions."""
        self._cloudformation.answered = questions
        try:
            yield
        finally:
            self._cloudformation.answered = ()


class _CloudFormation:
    """Takes a change set and refuses it: by then the command line has found no fault in it."""

    REFUSAL = "taken and refused"
    AS_BEFORE = "as before"

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        # Of a stack that is there; without any there is none.
        self.answered: tuple[str, ...] = ()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                if asked["Action"] == ["CreateChangeSet"]:
                    outer.parameters = _parameters(asked)
                    self._refuse(outer.REFUSAL)
                elif outer.answered:
                    self._answer(200, _described(asked, outer.answered))
                else:
                    self._refuse(f"Stack with id {asked['StackName'][0]} does not exist")

            def _refuse(self, text: str) -> None:
                error = f"<Type>Sender</Type><Code>ValidationError</Code><Message>{text}</Message>"
                self._answer(400, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>")

            def _answer(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def end(self) -> None:
        self._server.shutdown()


def _parameters(asked: dict[str, list[str]]) -> dict[str, str]:
    """The answers by their names; those that were not given are kept, where a stack is there."""
    keys = {name: value[0] for name, value in asked.items() if name.endswith("ParameterKey")}
    kept = [_CloudFormation.AS_BEFORE]
    return {
        key: asked.get(name.replace("ParameterKey", "ParameterValue"), kept)[0]
        for name, key in keys.items()
    }


def _described(asked: dict[str, list[str]], answered: tuple[str, ...]) -> str:
    """What DescribeStacks and GetTemplateSummary tell of a stack."""
    keys = "".join(f"<member><ParameterKey>{name}</ParameterKey></member>" for name in answered)
    status = "<StackStatus>CREATE_COMPLETE</StackStatus>"
    told = {
        "DescribeStacks": f"<Stacks><member>{status}</member></Stacks>",
        "GetTemplateSummary": f"<Parameters>{keys}</Parameters>",
    }
    (action,) = asked["Action"]
    return f"<{action}Response><{action}Result>{told[action]}</{action}Result></{action}Response>"


@contextmanager
def laid(folder: Path) -> Iterator[Desk]:
    """A desk in an empty folder."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    cloudformation = _CloudFormation()
    host, port = server.get_host_and_port()
    try:
        yield Desk(folder, f"http://{host}:{port}", cloudformation)
    finally:
        cloudformation.end()
        server.stop()


def make_bucket(s3: Any, name: str) -> None:
    """A bucket that keeps old versions, as the stack's does."""
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def packer() -> str | None:
    """The real Packer, where there is one."""
    return shutil.which("packer", path=os.environ["PATH"])


def _program(file: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    file.chmod(0o755)
