"""Writing any text so that the format that it stands in takes it for that text and nothing else."""

from __future__ import annotations

import re

from ..errors import Permanent


def toml(text: str) -> str:
    """A TOML basic string. JSON's escapes would not do: it spells an emoji in halves."""
    return '"' + re.sub('["\\\\\x00-\x1f\x7f]', _toml_escape, text) + '"'


def yaml(text: str) -> str:
    """A double quoted YAML scalar that ERB, through which Rails reads YAML, leaves alone.

    Escaped beside what YAML must not hold: ``<``, or a password with ``<%`` in it would be run.
    """
    unsafe = '["\\\\<\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]'
    return '"' + re.sub(unsafe, _yaml_escape, text) + '"'


def read(quoted: str) -> str:
    """The text that ``toml`` or ``yaml`` wrote."""
    return re.sub(r"\\(?:x(..)|u(....)|(.))", _character, quoted[1:-1], flags=re.DOTALL)


def word(text: str) -> str:
    """A word that needs no quotes anywhere; raises Permanent for any other text."""
    if re.fullmatch(r"[A-Za-z0-9._-]+", text) is None:
        raise Permanent(f"{text!r} cannot be written without quotes")
    return text


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else found[3]


def _toml_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}" if found[0] not in '"\\' else f"\\{found[0]}"


def _yaml_escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"
