"""SES's way in for mail: SMTP with STARTTLS, for who logs in and sends from a verified domain."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from ..authority import Authority
from ..network import Vpc

PORT = 587


@dataclass(frozen=True)
class Message:
    """A mail that was taken, and what was said on its way in.

    ``greeting`` is the name that the client gave with EHLO, ``login`` its user name and password,
    ``tls`` the version as OpenSSL names it (``TLSv1.3``).
    """

    content: EmailMessage
    sender: str
    recipients: list[str]
    greeting: str
    login: tuple[str, str]
    tls: str

    @property
    def sender_name(self) -> str:
        """The name beside the sender's address, as a reader shows it."""
        # Not by content["From"], which puts a space between two encoded words.
        source = dict(self.content.raw_items())["From"]
        return str(make_header(decode_header(parseaddr(source)[0])))

    @property
    def text(self) -> str:
        """The part of plain text, decoded."""
        return self._part("plain")

    @property
    def html(self) -> str:
        """The part of HTML, decoded; markup is as it was sent."""
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.content.get_body((kind,))
        return str(part.get_content()) if part else ""


class Mail:
    """The endpoint as the pod sees it.

    ``messages`` holds what it took, ``logins`` what it was told to log in, both in order.
    """

    ADDRESS = f"{Vpc.SERVICES}30"

    def __init__(self, vpc: Vpc, authority: Authority, stranger: Authority, host: str) -> None:
        self.host = host
        self.messages: list[Message] = []
        self.logins: list[tuple[str, str]] = []
        self._good = authority.certificate(host).server_context()
        self._stranger = stranger.certificate(host).server_context()
        self.reset(("", ""), "")
        vpc.add_address(self.ADDRESS)
        # The thread that is started is born in the namespace, and makes its socket there.
        with vpc.aws.inside():
            _Controller(self, self.ADDRESS, PORT).start()

    def reset(self, login: tuple[str, str], domain: str) -> None:
        """Nothing sent yet; the account has these SMTP credentials and this verified domain."""
        self._login = login
        self._domain = domain
        self._context: SSLContext | None = self._good
        self.messages.clear()
        self.logins.clear()

    def certificate_of(self, whose: str | None) -> None:
        """From the next connection on, show a stranger's certificate, or with None offer no TLS.

        "us" is the right one. Without TLS it takes a login in clear text, as nobody should give it.
        """
        self._context = {"us": self._good, None: None}.get(whose, self._stranger)

    def session(self) -> SMTP:
        """What talks to one client."""
        return SMTP(
            self,
            hostname="email-smtp.amazonaws.com",
            tls_context=self._context,
            require_starttls=self._context is not None,
            auth_require_tls=self._context is not None,
            auth_required=True,
            authenticator=self._authenticate,
            data_size_limit=None,
        )

    def _authenticate(self, *about: Any) -> AuthResult:
        given = _login_of(about[-1])
        self.logins.append(given)
        return AuthResult(success=given == self._login, handled=False, auth_data=given)

    async def handle_DATA(self, _server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        """Take a mail, or say why not: aiosmtpd's hook, its answer is sent to the client."""
        content = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(content, EmailMessage)
        senders = [address.addr_spec for address in content["From"].addresses]
        for address in (envelope.mail_from, *senders):
            if address.rpartition("@")[2] != self._domain:
                return f"554 Message rejected: Email address is not verified: {address}"
        self.messages.append(
            Message(
                content,
                envelope.mail_from,
                envelope.rcpt_tos,
                session.host_name,
                session.auth_data,
                session.ssl["ssl_object"].version(),
            )
        )
        return "250 Ok"


class _Controller(Controller):  # type: ignore[misc]  # aiosmtpd tells nothing of its types
    def factory(self) -> SMTP:
        """A client came: it gets the certificate that is shown now."""
        return self.handler.session()


def _login_of(given: Any) -> tuple[str, str]:
    return given.login.decode(errors="replace"), given.password.decode(errors="replace")
