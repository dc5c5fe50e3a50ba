"""Any text comes through every format as itself, byte for byte."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
import yaml
from diaspora_pod.boot import escaping
from diaspora_pod.errors import Permanent

from . import samples

tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
EVERY_CHARACTER = "".join(map(chr, [*range(0x2100), 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x1F418]))
TEXTS = (*samples.PASSWORDS, EVERY_CHARACTER, "")


@pytest.mark.parametrize("text", TEXTS)
def test_toml_gives_back_the_text(text: str) -> None:
    assert tomllib.loads(f"key = {escaping.toml(text)}\n") == {"key": text}


@pytest.mark.parametrize("text", TEXTS)
def test_yaml_gives_back_the_text(text: str) -> None:
    assert yaml.safe_load(f"key: {escaping.yaml(text)}\n") == {"key": text}


@pytest.mark.parametrize("text", TEXTS)
def test_erb_finds_nothing_to_run_in_our_yaml(text: str) -> None:
    assert "<" not in escaping.yaml(text)


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_stays_on_its_line(text: str) -> None:
    assert not set(escaping.toml(text)) & set(map(chr, range(0x20)))
    assert len(escaping.yaml(text).splitlines()) == 1


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_written_is_read_again(text: str) -> None:
    assert escaping.read(escaping.toml(text)) == escaping.read(escaping.yaml(text)) == text


def test_an_emoji_is_not_spelt_in_halves() -> None:
    assert escaping.toml("🐘") == '"🐘"'


@pytest.mark.parametrize("text", ["pod.example.org", "eu-west-1", "a_bucket"])
def test_a_plain_word_needs_no_quotes(text: str) -> None:
    assert escaping.word(text) == text


@pytest.mark.parametrize(
    "text", ["", "a b", "a;b", "a$b", 'a"b', "a\nb", "a{b", "a\\b", "é", "a\n"]
)
def test_nothing_else_is_written_without_quotes(text: str) -> None:
    with pytest.raises(Permanent):
        escaping.word(text)
