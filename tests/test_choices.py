"""Every choice that the template offers renders, passes its rules, and makes whole settings.

Rendering refuses a reference to a resource that the same choice leaves out, so this also proves
that every reference to an optional resource is guarded. It proves nothing about AWS.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from diaspora_cf.generator import ROOT
from diaspora_cf.resources.machine.settings import MUST_KNOW, must_know
from diaspora_cf.template.rendering import Rendered, failed_rules, render

from .answers import ASKED, CHOICES, FOREIGN, HOSTED, IDENTITY, MAIL

Template = dict[str, Any]
SCHEMA = json.loads((ROOT / "packer/rootfs/usr/share/diaspora/pod.schema.json").read_text("utf-8"))


@pytest.fixture(params=CHOICES.values(), ids=list(CHOICES))
def choice(request: pytest.FixtureRequest) -> dict[str, str]:
    answers: dict[str, str] = request.param
    return answers


def user_data(rendered: Rendered) -> str:
    data = rendered.resources["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    return base64.b64decode(data).decode()


def settings(program: str, folder: Path) -> tuple[dict[str, str], str]:
    """Runs the user data with another /etc and another systemctl: what it wrote and started."""
    (folder / "bin").mkdir(parents=True)
    started = folder / "started"
    systemctl = folder / "bin" / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" > "{started}"\n')
    systemctl.chmod(0o755)
    assert program.startswith("#!/usr/bin/python3\n")
    program = program.replace("/etc/diaspora", str(folder / "etc"))
    subprocess.run(
        [sys.executable, "-c", program], check=True, env={"PATH": f"{folder}/bin:/usr/bin:/bin"}
    )
    assert [path.name for path in (folder / "etc").iterdir()] == ["pod.json"]
    return json.loads((folder / "etc" / "pod.json").read_text("utf-8")), started.read_text()


def test_every_choice_renders_and_passes_the_rules(
    template: Template, choice: dict[str, str]
) -> None:
    assert failed_rules(template, choice) == []
    assert len(render(template, choice).resources) > 40


def test_every_choice_makes_settings_that_the_pod_understands(
    template: Template, choice: dict[str, str], tmp_path: Path
) -> None:
    written, started = settings(user_data(render(template, choice)), tmp_path)
    jsonschema.validate(written, {**SCHEMA, "additionalProperties": False})
    assert started.split() == ["start", "--no-block", "diaspora.target"]


def test_the_schema_knows_no_setting_that_is_never_sent(template: Template, tmp_path: Path) -> None:
    written, _ = settings(user_data(render(template, HOSTED)), tmp_path)
    assert set(SCHEMA["required"]) <= set(written) <= set(SCHEMA["properties"])
    # The pod's defaults do where there is nothing to say.
    assert set(SCHEMA["properties"]) - set(written) == {"must_know"}


def test_the_pod_is_told_what_it_must_know_where_there_is_something_to_name(
    template: Template, tmp_path: Path
) -> None:
    written, _ = settings(user_data(render(template, HOSTED)), tmp_path)
    assert written.get("must_know", "").split() == list(MUST_KNOW)
    # An image may refuse a key that it does not know: an empty one would be one more for nothing.
    assert ("must_know" in written) is bool(MUST_KNOW)
    assert set(MUST_KNOW) < set(written)
    assert must_know([]) == {}
    assert must_know(["bucket", "log_group"]) == {"must_know": "bucket log_group"}


@pytest.mark.parametrize(
    "name",
    [
        "diaspora*",
        "Bob's Pod",
        "$(reboot) `id` ${PodName} $HOME %s %% #!;&|<>",
        "{{resolve:ssm:/diaspora/database/username:1}}",
        "{{ x }} <%= 1+1 %> {% raw %}",
        "EOF\tEOF",
        "'''",
        "née, 漢字 🐘 עברית",
        "<script>alert(1)</script>",
        "[production] a = 1",
        "a\x7f",
        "a" * 200,
    ],
)
def test_any_name_arrives_byte_for_byte(template: Template, name: str, tmp_path: Path) -> None:
    written, _ = settings(user_data(render(template, {**HOSTED, "PodName": name})), tmp_path)
    assert written["pod_name"].encode() == name.encode()


def test_every_answer_reaches_the_pod_or_a_resource(template: Template) -> None:
    without = {name: _without(template, name) for name in template["Parameters"]}
    assert len(without) > 30
    assert [name for name, reached in without.items() if not reached] == []


def _without(template: Template, name: str) -> bool:
    """Whether resources, outputs or the conditions that they use mention the parameter."""
    used = {
        resource["Condition"]
        for resource in template["Resources"].values()
        if "Condition" in resource
    }
    used |= _conditions({"a": template["Resources"], "b": template["Outputs"]})
    waiting = list(used)
    while waiting:
        inner = _named(template["Conditions"][waiting.pop()])
        waiting += inner - used
        used |= inner
    reachable = json.dumps(
        [template["Resources"], template["Outputs"], [template["Conditions"][c] for c in used]]
    )
    return f'"Ref": "{name}"' in reachable or f"${{{name}}}" in reachable


def _conditions(node: Any) -> set[str]:
    """The conditions that ``Fn::If`` names below this node."""
    if isinstance(node, list):
        return {name for item in node for name in _conditions(item)}
    if not isinstance(node, dict):
        return set()
    found = {node["Fn::If"][0]} if "Fn::If" in node else set()
    return found | {name for value in node.values() for name in _conditions(value)}


def _named(node: Any) -> set[str]:
    """The conditions that a condition names."""
    if isinstance(node, list):
        return {name for item in node for name in _named(item)}
    if not isinstance(node, dict):
        return set()
    found = {node["Condition"]} if "Condition" in node else set()
    return found | {name for value in node.values() for name in _named(value)}


# Rules: (what is wrong, the answers, a word of the text that is shown).
REFUSED = {
    "neither zone nor certificate": (ASKED, "CertificateArn"),
    "mail without a domain": ({**FOREIGN, **MAIL, "MailDomain": ""}, "Mail is on"),
    "mail identity without a zone": ({**FOREIGN, **IDENTITY}, "CreateMailIdentity"),
    "mail identity without a domain": (
        {**HOSTED, "CreateMailIdentity": "yes"},
        "CreateMailIdentity",
    ),
    "DMARC without a zone": ({**FOREIGN, **MAIL, "CreateDmarcRecord": "yes"}, "CreateDmarcRecord"),
    "MAIL FROM without an identity": (
        {**HOSTED, **MAIL, "MailFromDomain": "bounce"},
        "MailFromDomain",
    ),
    "MAIL FROM without a zone": (
        {**FOREIGN, **IDENTITY, "MailFromDomain": "bounce"},
        "CreateMailIdentity",
    ),
    "only the first zone": ({**HOSTED, "AvailabilityZone1": "a"}, "or neither"),
    "only the second zone": ({**HOSTED, "AvailabilityZone2": "a"}, "or neither"),
    "one zone twice": (
        {**HOSTED, "AvailabilityZone1": "a", "AvailabilityZone2": "a"},
        "different",
    ),
    "two buckets": (
        {**HOSTED, "AssetsBucketName": "one-bucket", "ExistingBucketName": "another"},
        "not both",
    ),
    **{
        f"the quiet pod's budget for {name} {answer}": ({**HOSTED, name: answer}, "25 dollars")
        for name, answer in {
            "DatabaseKind": "rds-instance",
            "DatabaseMinCapacity": "0.5",
            "FederationPatience": "60",
            "PodDiskSize": "20",
            "PodInstanceType": "t4g.small",
        }.items()
    },
    "a key for Session Manager": ({**HOSTED, "PodKeyName": "my laptop"}, "PodKeyName"),
}


@pytest.mark.parametrize("wrong", REFUSED)
def test_a_combination_that_cannot_work_is_told_before_anything_is_made(
    template: Template, wrong: str
) -> None:
    answers, word = REFUSED[wrong]
    told = failed_rules(template, answers)
    assert len(told) == 1
    assert word in told[0]


def test_every_rule_refuses_something(template: Template) -> None:
    told = {text for answers, _ in REFUSED.values() for text in failed_rules(template, answers)}
    written = {
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        for assertion in rule["Assertions"]
    }
    assert told == written


def test_a_second_stack_needs_no_certificate_yet(template: Template) -> None:
    assert failed_rules(template, {**ASKED, "OwnsDomain": "no"}) == []
