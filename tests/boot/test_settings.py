"""The settings: every key of the schema is read, and nothing that it forbids is."""

from __future__ import annotations

import ast
import json
from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import diaspora_pod
import jsonschema
import pytest
from diaspora_pod.errors import Permanent
from diaspora_pod.machine import Machine
from diaspora_pod.settings import Settings, load, problems, unknown

from diaspora_cf.generator import ROOT

from . import samples

SCHEMA = json.loads((ROOT / "packer/rootfs/usr/share/diaspora/pod.schema.json").read_text())
PROGRAM = Path(diaspora_pod.__file__).parent
TEMPLATES = ROOT / "packer/rootfs/usr/share/diaspora/templates"


def test_every_key_of_the_schema_is_read_and_no_other() -> None:
    assert {field.name for field in fields(Settings)} == set(SCHEMA["properties"])


def test_what_came_after_the_first_image_has_a_default_so_that_an_older_template_will_do() -> None:
    later = {key for key, rule in SCHEMA["properties"].items() if "default" in rule}
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"]) - later
    assert len(SCHEMA["required"]) == 29


def read_of(tree: ast.AST, owner: str = "settings") -> set[str]:
    """What is read of whatever has that name, or is called so by its owner."""
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {
        node.attr
        for node in found
        if owner in (getattr(node.value, "id", ""), getattr(node.value, "attr", ""))
    }


def test_every_setting_is_used_somewhere() -> None:
    used = {name for path in PROGRAM.rglob("*.py") for name in read_of(ast.parse(path.read_text()))}
    # Read by the check of all others.
    used.add("must_know")
    for node in ast.walk(ast.parse((PROGRAM / "settings.py").read_text())):
        if isinstance(node, ast.FunctionDef) and node.name in used:
            used |= read_of(node, "self")
    watcher = (PROGRAM / "boot/first_boot.py").read_text()
    templates = "".join(path.read_text() for path in TEMPLATES.rglob("*.j2"))
    unused = {
        key
        for key in SCHEMA["properties"]
        if key not in used and f"settings.{key}" not in templates and f'"{key}"' not in watcher
    }
    assert unused == set()


def test_settings_arrive_as_they_were_written(machine: Machine) -> None:
    assert load(machine) == Settings(**samples.SETTINGS)


def test_settings_do_not_change(machine: Machine) -> None:
    with pytest.raises(FrozenInstanceError):
        load(machine).region = "us-east-1"  # type: ignore[misc]


@pytest.mark.parametrize("owns, runs", [("yes", True), ("no", False)])
def test_a_pod_without_its_domain_runs_no_jobs(owns: str, runs: bool) -> None:
    assert samples.settings(owns_domain=owns).runs_jobs is runs


WRONG: dict[str, dict[str, Any]] = {
    "a number": {"database_port": 5432},
    "no port": {"database_port": "five"},
    "a line break after a number": {"database_port": "5432\n"},
    "an empty text": {"region": ""},
    "nothing": {"region": None},
    "another word": {"owns_domain": "maybe"},
    "a truth of Python": {"mail_enabled": "True"},
    "a version of 0": {"database_password_version": "0"},
    "a double quote in the name": {"pod_name": 'a "pod"'},
    "a backslash in the name": {"pod_name": "a \\ pod"},
    "a line break in the name": {"pod_name": "a\npod"},
    "a line break after the name": {"pod_name": "a pod\n"},
    "a path with a slash at its end": {"secrets_path": "/diaspora/"},
    "a patience in hours": {"federation_patience": "4h"},
    "a patience below nothing": {"federation_patience": "-1"},
    "a list of what must be known": {"must_know": ["region"]},
    "what must be known, after a comma": {"must_know": "region,bucket"},
    "half a letter": {"admin_account": "\ud83d"},
    "no deadline": {"first_boot_deadline": "0"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_wrong_settings_are_refused_by_name(machine: Machine, change: dict[str, Any]) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, **change}))
    with pytest.raises(Permanent, match=next(iter(change))):
        load(machine)


@pytest.mark.parametrize("key", SCHEMA["required"])
def test_a_missing_setting_is_told_by_name(machine: Machine, key: str) -> None:
    rest = {name: value for name, value in samples.SETTINGS.items() if name != key}
    machine.settings.write_text(json.dumps(rest))
    with pytest.raises(Permanent, match=f"{key} is missing"):
        load(machine)


def test_an_older_template_gets_what_its_pod_was(machine: Machine) -> None:
    older = {key: samples.SETTINGS[key] for key in SCHEMA["required"]}
    machine.settings.write_text(json.dumps(older))
    loaded = load(machine)
    assert (loaded.federation_patience, loaded.must_know) == ("0", "")


def test_what_a_newer_template_says_beside_is_passed_over(machine: Machine) -> None:
    newer = {**samples.SETTINGS, "colour": "green", "sizes": ["small", 1]}
    machine.settings.write_text(json.dumps(newer))
    assert load(machine) == Settings(**samples.SETTINGS)
    assert unknown(machine) == ["colour", "sizes"]


def test_what_must_be_known_and_is_not_is_told_by_name(machine: Machine) -> None:
    newer = {**samples.SETTINGS, "colour": "green", "must_know": "bucket colour size"}
    machine.settings.write_text(json.dumps(newer))
    with pytest.raises(Permanent) as raised:
        load(machine)
    assert str(raised.value).partition(": ")[2] == (
        "colour is unknown to this image, and must be known; "
        "size is unknown to this image, and must be known"
    )


def test_what_must_be_known_and_is_known_is_no_trouble(machine: Machine) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, "must_know": "region bucket"}))
    assert load(machine).must_know == "region bucket"


def test_all_that_is_wrong_is_told_at_once(machine: Machine) -> None:
    machine.settings.write_text(json.dumps({**samples.SETTINGS, "region": "", "bucket": ""}))
    with pytest.raises(Permanent, match=r"region.*bucket"):
        load(machine)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b'{"pod_name": "\xff"}'])
def test_a_file_that_holds_no_settings_is_refused(machine: Machine, content: bytes) -> None:
    machine.settings.write_bytes(content)
    with pytest.raises(Permanent, match=r"pod\.json"):
        load(machine)


def test_a_missing_file_is_refused(machine: Machine) -> None:
    machine.settings.unlink()
    with pytest.raises(Permanent, match=r"pod\.json"):
        load(machine)


def test_the_pods_name_may_be_anything_else(machine: Machine) -> None:
    given = {**samples.SETTINGS, "pod_name": samples.HOSTILE}
    machine.settings.write_text(json.dumps(given))
    assert load(machine).pod_name == samples.HOSTILE


def test_our_small_reading_of_the_schema_agrees_with_the_whole_one() -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    # Python's $ lets a line break pass, and half a letter is no matter of JSON Schema's.
    stricter = {"a line break after a number", "a line break after the name", "half a letter"}
    for name, change in {**WRONG, "right": {}}.items():
        if name not in stricter:
            values = {**samples.SETTINGS, **change}
            assert bool(problems(values, SCHEMA)) is not validator.is_valid(values), name


def test_the_schema_uses_nothing_that_we_do_not_read() -> None:
    known = {"type", "$ref", "minLength", "pattern", "enum", "default", "description"}
    rules = [*SCHEMA["properties"].values(), *SCHEMA["$defs"].values()]
    assert {keyword for rule in rules for keyword in rule} <= known
    assert all(rule.get("type", "string") == "string" for rule in rules)
    assert all(len(rule) <= 2 for rule in rules if "$ref" in rule)
