"""Mail of diaspora* itself, through SES's SMTP endpoint, from a pod with a name of every kind."""

from __future__ import annotations

import html
import re
import smtplib
import time

import pytest

from ..fakes.mail import PORT, Mail, Message
from ..figures import Figures
from ..patience import until
from ..pod import Pod
from ..stack import MAIL, SECRETS, SENDER
from .conftest import ADMIN
from .person import Person, make_account

NAME = "Bob's <b>漢字</b> {{x}} <%= 1+1 %> 🐘"
BOB = ("bob", "bob@example.net")
# sidekiq repeats a job after 15 to 25 seconds, and looks at its clock every 5 to 10.
FIRST_RETRY = 90


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """A pod that sends mail."""
    return {**MAIL, "PodName": NAME}


@pytest.fixture(scope="module")
def bob(pod: Pod) -> str:
    """A second account; its password."""
    return make_account(pod, *BOB)


@pytest.fixture
def mail(pod: Pod) -> Mail:
    """The mail server, which has taken nothing yet."""
    pod.aws.mail.messages.clear()
    return pod.aws.mail


def test_the_mail_server_takes_mail_as_ses_does(pod: Pod, mail: Mail) -> None:
    login = (SECRETS["/diaspora/mail/username"], SECRETS["/diaspora/mail/password"])
    with pytest.raises(smtplib.SMTPSenderRefused, match=r"530.*STARTTLS"):
        _client(pod).sendmail(SENDER, "x@example.net", "")
    with pytest.raises(smtplib.SMTPNotSupportedError):
        _client(pod).login(*login)
    with pytest.raises(smtplib.SMTPSenderRefused, match=r"530.*Authentication"):
        _client(pod, tls=True).sendmail(SENDER, "x@example.net", "")
    with pytest.raises(smtplib.SMTPAuthenticationError):
        _client(pod, tls=True).login(login[0], "another")
    client = _client(pod, tls=True)
    client.login(*login)
    for envelope, header in ((SENDER, "a@example.com"), ("a@example.com", SENDER)):
        with pytest.raises(smtplib.SMTPDataError, match="not verified"):
            client.sendmail(envelope, "x@example.net", f"From: {header}\r\n\r\n")
    assert mail.messages == []


def test_a_forgotten_password_is_replaced_by_mail(
    pod: Pod, bob: str, mail: Mail, figures: Figures
) -> None:
    began = time.monotonic()
    message = _reset_mail(pod, mail)
    seconds = time.monotonic() - began
    figures.add("mail", "from the form to SES, password reset", f"{seconds:.1f} s")
    assert message.recipients == [BOB[1]]
    assert message.sender == SENDER
    assert message.content["Subject"] == "Reset password instructions"
    link = _link(pod, message, "/users/password/edit")
    _, _, token = link.partition("reset_password_token=")
    form = {
        "_method": "put",
        "user[reset_password_token]": token,
        "user[password]": "quite another 1",
        "user[password_confirmation]": "quite another 1",
    }
    assert Person(pod).submit(link, "/users/password", form).status == 302
    assert Person(pod).log_in(BOB[0], bob).status == 200
    assert Person(pod).log_in(BOB[0], "quite another 1").status == 302


def test_ses_is_told_login_and_domain_byte_for_byte_behind_tls(
    pod: Pod, bob: str, mail: Mail
) -> None:
    message = _reset_mail(pod, mail)
    assert message.login == (
        SECRETS["/diaspora/mail/username"],
        SECRETS["/diaspora/mail/password"],
    )
    assert (message.greeting, message.tls) == (MAIL["MailDomain"], "TLSv1.3")


def test_a_name_of_any_kind_is_the_senders_name(pod: Pod, bob: str, mail: Mail) -> None:
    message = _reset_mail(pod, mail)
    assert message.sender_name == NAME


def test_a_notice_shows_the_pods_name_right_in_every_part(
    pod: Pod, bob: str, admin: Person, mail: Mail
) -> None:
    assert admin.follow(f"{BOB[0]}@{pod.stack.host}").status == 200
    message = _next(mail)
    assert message.recipients == [BOB[1]]
    alice = f"{ADMIN[0]}@{pod.stack.host}"
    assert message.content["Subject"] == f"{alice} started sharing with you on diaspora*"
    assert message.sender_name == f"{NAME} ({ADMIN[0]})"
    assert f"This email was sent by {NAME}." in message.text
    assert "Bob&#39;s &lt;b&gt;漢字&lt;/b&gt; {{x}} &lt;%= 1+1 %&gt; 🐘" in message.html
    assert _link(pod, message, "/u/alice") == "/u/alice"


def test_an_invitation_leads_into_a_closed_pod(pod: Pod, admin: Person, mail: Mail) -> None:
    form = {"email_inviter[emails]": "carol@example.com", "email_inviter[locale]": "en"}
    assert admin.submit("/stream", "/users/invitations", form).status == 302
    message = _next(mail)
    assert (message.recipients, message.sender_name) == (["carol@example.com"], NAME)
    carol = Person(pod)
    assert carol.get("/users/sign_up").headers["location"].endswith("/registrations_closed")
    answer = carol.get(_link(pod, message, "/i/"))
    assert answer.status == 302
    page = carol.get(_path(pod, answer.headers["location"]))
    assert (page.status, 'name="user[username]"' in page.text) == (200, True)


def test_no_mail_goes_to_a_server_of_another_authority(
    pod: Pod, bob: str, admin: Person, mail: Mail
) -> None:
    mail.certificate_of("nobody")
    try:
        _ask_for_reset(pod)
        until(lambda: "certificate verify failed" in _waiting(admin))
        assert mail.messages == []
    finally:
        mail.certificate_of("us")
    _next(mail, FIRST_RETRY)
    until(lambda: "ResetPassword" not in _waiting(admin))


def test_a_server_that_offers_no_tls_is_not_told_the_login(
    pod: Pod, bob: str, admin: Person, mail: Mail
) -> None:
    """As somebody in between would have it, who takes STARTTLS out of the server's greeting."""
    mail.certificate_of(None)
    mail.logins.clear()
    try:
        _ask_for_reset(pod)
        until(lambda: "STARTTLS is not supported" in _waiting(admin))
        assert (mail.logins, mail.messages) == ([], [])
    finally:
        mail.certificate_of("us")
    _next(mail, FIRST_RETRY)
    until(lambda: "ResetPassword" not in _waiting(admin))


def test_while_ses_is_away_pages_answer_and_the_mail_comes_later(
    pod: Pod, bob: str, admin: Person, mail: Mail, figures: Figures
) -> None:
    pod.machine.block(mail.host)
    began = time.monotonic()
    try:
        _ask_for_reset(pod)
        answered = time.monotonic() - began
        until(lambda: "Net::OpenTimeout" in _waiting(admin))
        assert pod.front.get("/users/sign_in").status == 200
        assert mail.messages == []
    finally:
        pod.machine.unblock(mail.host)
    _next(mail, FIRST_RETRY)
    seconds = time.monotonic() - began
    figures.add("mail", "SES away: the form's answer", f"{answered:.1f} s")
    figures.add("mail", "SES away for a moment: from the form to SES", f"{seconds:.0f} s")
    assert answered < 5


def _client(pod: Pod, tls: bool = False) -> smtplib.SMTP:
    """A mail program of somebody's."""
    with pod.aws.vpc.visitor.inside():
        client = smtplib.SMTP(Mail.ADDRESS, PORT)
    if tls:
        context = pod.aws.authority.client_context()
        context.check_hostname = False
        client.starttls(context=context)
    return client


def _ask_for_reset(pod: Pod) -> None:
    form = {"user[email]": BOB[1]}
    assert Person(pod).submit("/users/password/new", "/users/password", form).status == 302


def _reset_mail(pod: Pod, mail: Mail) -> Message:
    _ask_for_reset(pod)
    return _next(mail)


def _next(mail: Mail, seconds: float = 30) -> Message:
    """The mail that comes now, the only one."""
    until(lambda: mail.messages != [], seconds, every=0.1)
    (message,) = mail.messages
    return message


def _link(pod: Pod, message: Message, start: str) -> str:
    """The path of the link into the pod that starts like this; it is in both parts of the mail."""
    found = re.search(
        rf"https://{re.escape(pod.stack.host)}({re.escape(start)}[\w/?=-]*)", message.text
    )
    assert found is not None, message.text
    assert html.escape(found[0]) in message.html
    return found[1]


def _path(pod: Pod, address: str) -> str:
    return address.removeprefix(f"https://{pod.stack.host}")


def _waiting(admin: Person) -> str:
    """What the admin reads of jobs that failed and wait for another try."""
    return admin.get("/sidekiq/retries").text
