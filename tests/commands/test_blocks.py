"""Each block of commands runs as it stands, does what its page says, and leaves no secret about."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from diaspora_pod import cli
from diaspora_pod.boot import own_secrets
from diaspora_pod.moving.transfer import NAME

from diaspora_cf.generator import ROOT
from diaspora_cf.stacks import STACKS

from .blocks import BLOCKS, OPEN, Block, holding, languages
from .desk import Desk, _CloudFormation, make_bucket, packer

USERNAME, PASSWORD = "AKIAEXAMPLE", 'BM+8"f,x\\y$z#w'
AS_BEFORE = _CloudFormation.AS_BEFORE
# Only inside the pod, whose program the image's own tests run.
ON_THE_POD = "sudo diaspora-pod "


def test_every_fence_says_what_it_holds_and_none_is_forgotten() -> None:
    assert languages() <= {"sh", "python", "mermaid", "text"}
    assert len(BLOCKS) >= 20


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_is_plain_shell(block: Block) -> None:
    program = str(Path(sys.executable).with_name("shellcheck"))
    # Who types sees that cd failed; and a list of packages is to be split.
    command = [program, "--shell=sh", "--exclude=SC2164,SC2046", "-"]
    result = subprocess.run(command, input=block.text, capture_output=True, text=True)
    assert result.stdout == ""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_changes_nothing_for_the_next_one(block: Block) -> None:
    assert not re.search(r"^export (?!AWS_REGION=.* AWS_DEFAULT_REGION=)", block.text, re.MULTILINE)
    assert not re.search(r"^cd (?!diaspora-aws$)", block.text, re.MULTILINE)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_block_names_targets_and_files_that_are_there(block: Block) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in block.text.splitlines():
        command = line.partition("   #")[0]
        for target in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", command):
            assert set(target.split()) <= targets, line
        for path in re.findall(r"(?:packer|templates|tests|docs)/[\w./-]+\.\w+", command):
            assert (ROOT / path).exists(), line


def test_the_databases_secrets_are_stored_as_they_must_be(desk: Desk) -> None:
    text = holding("--name /diaspora/database/username")
    assert desk.run(text).returncode == 0
    assert stored(desk, "/diaspora/database/username") == ("diaspora", "String", 1)
    password, kind, version = stored(desk, "/diaspora/database/password")
    assert re.fullmatch("[0-9a-f]{40}", password)
    assert (kind, version) == ("SecureString", 1)
    # Said twice, it changes nothing.
    again = desk.run(text)
    assert "ParameterAlreadyExists" in again.stderr
    assert stored(desk, "/diaspora/database/password") == (password, kind, version)
    assert not [call for call in desk.calls if password in call]


def test_the_databases_password_is_rotated_by_a_new_version(desk: Desk) -> None:
    desk.run(holding("--name /diaspora/database/username"))
    before, _, first = stored(desk, "/diaspora/database/password")
    answer = desk.run(holding("--overwrite --name /diaspora/database/password"))
    assert answer.returncode == 0
    password, kind, version = stored(desk, "/diaspora/database/password")
    assert (kind, version, password != before) == ("SecureString", first + 1, True)
    assert f'"Version": {version}' in answer.stdout
    assert re.fullmatch("[0-9a-f]{40}", password)


def test_the_mails_secrets_are_stored_byte_for_byte_however_often(desk: Desk) -> None:
    text = holding("--name /diaspora/mail/username")
    for version in (1, 2):
        assert desk.run(text, typed=f"{USERNAME}\n{PASSWORD}\n").returncode == 0
        assert stored(desk, "/diaspora/mail/username") == (USERNAME, "SecureString", version)
        assert stored(desk, "/diaspora/mail/password") == (PASSWORD, "SecureString", version)
    assert not [call for call in desk.calls if PASSWORD in call]


def test_the_mails_block_is_pasted_whole_and_what_is_typed_is_no_command(desk: Desk) -> None:
    text = holding("--name /diaspora/mail/username")
    answer = desk.paste(text, typed=f"pasted\n{PASSWORD}-2\necho left: $name$password.\n")
    assert stored(desk, "/diaspora/mail/username")[0] == "pasted"
    assert stored(desk, "/diaspora/mail/password")[0] == f"{PASSWORD}-2"
    assert answer.stderr == ""
    assert "left: ." in answer.stdout


def test_packers_user_is_made_from_a_clone(desk: Desk) -> None:
    answer = desk.run(holding("aws iam create-user"), typed="AKIA\nsecret\neu-west-1\njson\n")
    assert answer.returncode == 0, answer.stderr
    attached = desk.aws("iam", "list-attached-user-policies", "--user-name", "packer")
    assert attached["AttachedPolicies"] == [{"PolicyName": "packer", "PolicyArn": OPEN["ARN"]}]
    assert "[packer]" in (desk.folder / ".aws/credentials").read_text("utf-8")


def test_the_image_is_built_by_packers_user_with_a_template_that_packer_takes(desk: Desk) -> None:
    assert desk.run(holding("AWS_PROFILE=packer packer build")).returncode == 0
    (build,) = [call for call in desk.calls if call.startswith("packer build")]
    variables = re.findall(r"-var (\S+)=", build)
    template = (ROOT / "packer/packer_pod.json").read_text("utf-8")
    assert all(f'"{name}":' in template for name in variables)
    if (real := packer()) is None:
        pytest.skip("Packer is not installed: its own word on the command is not asked for")
    words = build.replace("packer build", "validate -syntax-only", 1).split()
    checked = subprocess.run([real, *words], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_certificate_is_requested_and_its_record_shown(desk: Desk) -> None:
    request, describe = holding("aws acm request-certificate").split("\n\n")
    arn = desk.run(request).stdout.strip()
    answer = desk.run(describe.replace(OPEN["ARN"], arn))
    assert answer.returncode == 0, answer.stderr
    assert '"Type": "CNAME"' in answer.stdout


@pytest.fixture(scope="module")
def uploads(desk: Desk) -> None:
    """The bucket through which a template passes."""
    make_bucket(desk.s3, OPEN["A-BUCKET-OF-YOURS"])


@pytest.mark.usefixtures("uploads")
def test_the_stack_is_deployed_with_answers_that_the_template_knows(desk: Desk) -> None:
    answer = desk.run(holding("DomainName=pod.example.org"))
    assert _CloudFormation.REFUSAL in answer.stderr
    known = STACKS["low_cost"]().to_dict()["Parameters"]
    assert set(desk.parameters) <= set(known)
    asked = {name for name, parameter in known.items() if "Default" not in parameter}
    assert asked <= set(desk.parameters)


@pytest.mark.usefixtures("uploads")
def test_an_update_by_the_command_line_keeps_all_other_answers(desk: Desk) -> None:
    known = STACKS["low_cost"]().to_dict()["Parameters"]
    with desk.stack(*known):
        answer = desk.run(holding("--parameter-overrides PodAMI=ami-…\n"))
    assert _CloudFormation.REFUSAL in answer.stderr
    changed = {name: text for name, text in desk.parameters.items() if text != AS_BEFORE}
    assert changed == {"PodAMI": OPEN["ami-…"]}
    assert set(desk.parameters) == set(known)


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("session-secret", own_secrets.is_session_secret),
        ("oidc-key", own_secrets.is_oidc_key),
    ],
)
def test_a_secret_of_the_pods_own_is_rotated_by_one_that_it_takes(
    desk: Desk, name: str, takes: Callable[[str], bool]
) -> None:
    text = holding(f"--name /diaspora/pod/{name}")
    assert desk.run(text).returncode == 0
    first, kind, version = stored(desk, f"/diaspora/pod/{name}")
    assert takes(first)
    assert kind == "SecureString"
    assert desk.run(text).returncode == 0
    second, _, newer = stored(desk, f"/diaspora/pod/{name}")
    assert (takes(second), second != first, newer) == (True, True, version + 1)


def test_every_block_is_run_by_one_of_these_or_is_make_and_nothing_else() -> None:
    run = (
        "--name /diaspora/database/username",
        "--overwrite --name /diaspora/database/password",
        "--name /diaspora/mail/username",
        "aws iam create-user",
        "AWS_PROFILE=packer packer build",
        "aws acm request-certificate",
        "aws cloudformation deploy",
        "--name /diaspora/pod/",
        "aws s3api list-object-versions",
        "aws s3api delete-object",
        "aws s3 sync",
        ON_THE_POD,
    )
    for block in BLOCKS:
        if not any(words in block.text for words in run):
            commands = [line for line in block.text.splitlines() if not line.startswith("    ")]
            plain = re.compile(r"((sudo )?([A-Z_]+=\S+ )*make |sudo apt-get install |packer )")
            assert all(plain.match(line) for line in commands if line), block.place


def test_what_is_typed_on_the_pod_is_a_command_of_its_program() -> None:
    lines = [line for block in BLOCKS for line in block.text.splitlines()]
    typed = [shlex.split(line, comments=True)[2:] for line in lines if line.startswith(ON_THE_POD)]
    assert {words[0] for words in typed} == {
        *("dump", "load", "take-jobs", "resume"),
        *("status", "doctor", "jobs", "logs", "console", "admin", "import"),
        "support-bundle",
    }
    for words in typed:
        given = cli.parser().parse_args(words)
        if given.command in ("load", "take-jobs"):
            assert NAME.fullmatch(given.name)


def stored(desk: Desk, name: str) -> tuple[str, str, int]:
    found = desk.aws("ssm", "get-parameter", "--name", name, "--with-decryption")["Parameter"]
    return found["Value"], found["Type"], found["Version"]
