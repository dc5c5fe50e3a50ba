"""Taking out of a text what its reader must not know.

First the secrets of this very pod, wherever and however they stand. Then whatever looks like a
secret, an address or a person: rather too much than too little.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import urllib.parse
from collections.abc import Iterator

from ..boot import escaping
from ..machine import Machine

HIDDEN = "[hidden]"
FILES = ("database.yml", "diaspora.toml", "initializers/secret_token.rb")
SECRET = re.compile(r'^\s*\S*(?:password|secret_key_base)\s*[=:]\s*(".*")$', re.MULTILINE)

_NAMES = r"[\w-]{0,40}(?:passw|secret|token|api_?key|cookie|session|invit|authori[sz]ation)\w{0,40}"
_VALUE = r"\"[^\"]*\"|'[^']*'|[^\s,;}]+"
# Of small and large letters and digits, as no word of a language is.
_MIXED = "".join(rf"(?=[\w+/-]{{0,60}}[{kind}])" for kind in ("a-z", "A-Z", "0-9"))
# Each is bounded: of a line that somebody made long, none must be tried for minutes.
PATTERNS = tuple(
    (re.compile(pattern, re.DOTALL), instead)
    for pattern, instead in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----.{0,9000}?-----END [A-Z ]*PRIVATE KEY-----", HIDDEN),
        # What an address ends with behind its question mark, and who is named before its host.
        (r"(?<=[\w/])\?[^\s\"'<>]+", f"?{HIDDEN}"),
        (r"(\w://)[^\s/@]+@", rf"\1{HIDDEN}@"),
        # Whoever knows one of these is let in: invitations, confirmations, exports.
        (r"(/(?:i|confirm_email|uploads/users)/)[^\s\"']+", rf"\1{HIDDEN}"),
        (r"\b(Bearer|Basic) [\w+/=.-]{16,}", rf"\1 {HIDDEN}"),
        (rf"(?i)\b({_NAMES}[\"']?\s*(?:=>|[:=])\s*)(?:{_VALUE})", rf"\1{HIDDEN}"),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", HIDDEN),
        (r"\b[0-9a-fA-F]{24,}\b", HIDDEN),
        (rf"(?<![\w-]){_MIXED}[\w-]{{20,}}", HIDDEN),
        (rf"(?<![\w+/]){_MIXED}[A-Za-z0-9+/]{{40,}}=*", HIDDEN),
        # Whose account it is.
        (r"(arn:aws[\w-]*:[\w-]*:[\w-]*:)\d{12}\b", r"\1[account]"),
        # People of this pod and of others, by mail or by their names in the network.
        (r"[\w.%+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+", "[somebody]"),
    )
)
ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?=[0-9a-fA-F]{0,4}:)[0-9a-fA-F:]{2,39})(?![\w.]?\w)"
)
# Of machines and not of people; and what is a version and no address.
OWN = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
)


class Redactor:
    """Makes texts fit for strangers. Who is at one address has the same number in all of them."""

    def __init__(self, machine: Machine) -> None:
        self._secrets = sorted(_spellings(machine), key=len, reverse=True)
        self._visitors: dict[str, int] = {}

    def __call__(self, text: str) -> str:
        """The text without what is secret in it."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        return ADDRESS.sub(self._visitor, text)

    def _visitor(self, found: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(found[0])
        except ValueError:
            # A time, say.
            return found[0]
        if any(address in network for network in OWN):
            return found[0]
        number = self._visitors.setdefault(str(address), len(self._visitors) + 1)
        return f"[address {number}]"


def _spellings(machine: Machine) -> Iterator[str]:
    """Every secret of the pod, in each way in which a log may have it."""
    # A pod without mail has an empty one.
    for secret in filter(None, _secrets(machine)):
        yield secret
        yield json.dumps(secret)[1:-1]
        yield urllib.parse.quote(secret, safe="")
        # As a mail server is told it.
        yield base64.b64encode(secret.encode()).decode()


def _secrets(machine: Machine) -> Iterator[str]:
    """What prepare has written for the application; nothing where it has not come to it."""
    config = machine.app / "config"
    for name in FILES:
        file = config / name
        if file.exists():
            for quoted in SECRET.findall(file.read_text("utf-8")):
                yield escaping.read(quoted)
    key = config / "oidc_key.pem"
    if key.exists():
        yield from (line for line in key.read_text("utf-8").splitlines() if "-" not in line)
