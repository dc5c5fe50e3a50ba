"""Certificate authorities of the tests: one that the guest trusts, others that nobody does."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key, as files in PEM."""

    file: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server needs to show this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Authority:
    """An authority made for one run."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.file = folder / "authority.crt"
        self._key = folder / "authority.key"
        _openssl(
            # Authorities last: of one that ends soon the admin is told.
            *("req", "-x509", "-days", "3650", "-subj", f"/CN={name}"),
            # Python wants as much of an authority, as AWS's have.
            *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *(*_NEW_KEY, "-keyout", self._key, "-out", self.file),
        )

    def certificate(self, *names: str) -> Certificate:
        """A server's certificate for DNS names; the first one names its files."""
        stem = self._folder / names[0].replace("*", "any")
        made = Certificate(file=stem.with_name(f"{stem.name}.crt"), key=self._key_of(stem))
        if made.file.exists():
            return made
        request = stem.with_name(f"{stem.name}.csr")
        extensions = stem.with_name(f"{stem.name}.ext")
        extensions.write_text(
            f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n"
            "extendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
            "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        # A common name is 64 characters at most, and nobody reads it.
        _openssl(
            *("req", "-subj", "/CN=rehearsal", *_NEW_KEY, "-keyout", made.key, "-out", request)
        )
        _openssl(
            *("x509", "-req", "-days", "30", "-in", request, "-extfile", extensions),
            *("-CA", self.file, "-CAkey", self._key, "-CAcreateserial", "-out", made.file),
        )
        return made

    def client_context(self) -> ssl.SSLContext:
        """What a client needs to believe this authority and no other."""
        return ssl.create_default_context(cafile=self.file)

    @staticmethod
    def _key_of(stem: Path) -> Path:
        return stem.with_name(f"{stem.name}.key")


_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
