"""Another pod of the network with one person, whose messages ours believes: they are signed.

Written by hand where a second diaspora* would do the same, slower and with jobs of its own.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as signing
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..authority import Authority
from ..network import Vpc
from .names import Names
from .serving import QuietHandler, serve_http

PUBLIC = {"Content-Type": "application/magic-envelope+xml"}
PRIVATE = {"Content-Type": "application/json"}
_TYPE = "application/xml"
_ENCODING = "base64url"
_ALGORITHM = "RSA-SHA256"
# What diaspora_federation's discovery/h_card.rb reads.
_HCARD = """<html><body><span class="uid">{guid}</span><span class="nickname">erin</span>
<span class="fn">Erin</span><span class="searchable">true</span><pre class="key">{key}</pre>
<span class="given_name">Erin</span><span class="family_name"></span>
<div class="entity_photo"><img class="photo" src="/a.png"></div>
<div class="entity_photo_medium"><img class="photo" src="/a.png"></div>
<div class="entity_photo_small"><img class="photo" src="/a.png"></div></body></html>"""


@dataclass(frozen=True)
class Author:
    """Somebody who signs; whether others find out who that is depends on ``handle``'s pod."""

    handle: str
    guid: str
    key: rsa.RSAPrivateKey

    @classmethod
    def of(cls, handle: str) -> Author:
        """Somebody new of that name."""
        return cls(handle, secrets.token_hex(16), rsa.generate_private_key(65537, 2048))

    @property
    def public_key(self) -> str:
        """What everybody may know, in PEM."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    def post(self, text: str, reader_key: str = "") -> bytes:
        """A post, ready to be sent: a public one, or for the eyes of whoever has the key alone."""
        envelope = self._envelope(
            f"<status_message><author>{self.handle}</author><guid>{secrets.token_hex(16)}</guid>"
            f"<created_at>2026-01-01T00:00:00Z</created_at><text>{escape(text)}</text>"
            f"<public>{'false' if reader_key else 'true'}</public></status_message>"
        )
        return _sealed(envelope, reader_key) if reader_key else envelope

    def _envelope(self, message: str) -> bytes:
        parts = (message, _TYPE, _ENCODING, _ALGORITHM)
        signed = b".".join(map(_url64, (part.encode() for part in parts)))
        signature = self.key.sign(signed, signing.PKCS1v15(), hashes.SHA256())
        return (
            b'<?xml version="1.0"?><me:env xmlns:me="http://salmon-protocol.org/ns/magic-env">'
            b'<me:data type="%b">%b</me:data><me:encoding>%b</me:encoding><me:alg>%b</me:alg>'
            b'<me:sig key_id="%b">%b</me:sig></me:env>'
        ) % (
            *(_TYPE.encode(), _url64(message.encode()), _ENCODING.encode(), _ALGORITHM.encode()),
            *(_url64(self.handle.encode()), _url64(signature)),
        )


class FarPod:
    """Where Erin lives. ``taken`` are the paths to which messages were delivered.

    It also takes what diaspora* says of each public post to a server of feeds.
    """

    ADDRESS = "192.0.2.90"
    HOST = "far.example.com"
    HUB = "pubsubhubbub.appspot.com"

    def __init__(self, vpc: Vpc, names: Names, authority: Authority) -> None:
        self.erin = Author.of(f"erin@{self.HOST}")
        self.taken: list[str] = []
        for host in (self.HOST, self.HUB):
            names.add(host, self.ADDRESS)
        vpc.add_address(self.ADDRESS)
        context = authority.certificate(self.HOST, self.HUB).server_context()
        serve_http(vpc.aws, (self.ADDRESS, 443), self._handler(), context)

    def _handler(self) -> type[QuietHandler]:
        pod = self

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802
                path = self.path.partition("?")[0]
                if path in (pages := pod._pages()):
                    self.answer(200, pages[path].encode())
                else:
                    self.answer(404)

            def do_POST(self) -> None:  # noqa: N802
                self.body()
                if self.headers["Host"] == pod.HOST:
                    pod.taken.append(self.path)
                self.answer(202)

        return Handler

    def _pages(self) -> dict[str, str]:
        home = f"https://{self.HOST}/"
        hcard = f"/hcard/users/{self.erin.guid}"
        links = {
            "http://microformats.org/profile/hcard": f"{home.rstrip('/')}{hcard}",
            "http://joindiaspora.com/seed_location": home,
        }
        webfinger = {
            "subject": f"acct:{self.erin.handle}",
            "links": [{"rel": rel, "href": href} for rel, href in links.items()],
        }
        return {
            "/": "",
            # What she wrote before somebody followed her.
            f"/people/{self.erin.guid}/stream": "[]",
            "/.well-known/webfinger": json.dumps(webfinger),
            hcard: _HCARD.format(guid=self.erin.guid, key=self.erin.public_key),
        }


def _sealed(envelope: bytes, reader_key: str) -> bytes:
    """What one reader alone can open: diaspora_federation's encrypted_magic_envelope.rb."""
    key, start = os.urandom(32), os.urandom(16)
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    hidden = encryptor.update(padder.update(envelope) + padder.finalize()) + encryptor.finalize()
    reader = serialization.load_pem_public_key(reader_key.encode())
    assert isinstance(reader, rsa.RSAPublicKey)
    how = json.dumps({"key": _text64(key), "iv": _text64(start)}).encode()
    told = {
        "aes_key": _text64(reader.encrypt(how, signing.PKCS1v15())),
        "encrypted_magic_envelope": _text64(hidden),
    }
    return json.dumps(told).encode()


def _url64(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content)


def _text64(content: bytes) -> str:
    return base64.b64encode(content).decode()
