"""Everything around the pod, in one place: what stories see as ``aws``."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from diaspora_cf.resources.database.postgresql import DATABASE_NAME

from .authority import Authority
from .fakes.cloudformation import Signal
from .fakes.cloudwatch import Logs
from .fakes.database import Database
from .fakes.front import Answer, Front, answer_of, exchange
from .fakes.mail import Mail
from .fakes.metadata import Metadata
from .fakes.names import Names
from .fakes.notices import Topics
from .fakes.services import Call, Services
from .log import say
from .network import Vpc
from .stack import DATABASE_HOST, MAIL, MAIL_HOST, SECRETS, database_host


class Aws:
    """A region with one account: network, names, services, mail, databases and front."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.authority = Authority(folder / "authority", "the rehearsal's authority")
        self._stranger = Authority(folder / "stranger", "somebody else")
        self.vpc = Vpc()
        self.names = Names()
        self.names.serve(self.vpc.aws, self.vpc.NAMES)
        self.metadata = Metadata()
        self.metadata.serve(self.vpc.aws, self.vpc.METADATA)
        self.services = Services(self.vpc, self.names, self.authority, self.metadata)
        self.ssm = self.services.ssm
        self.s3 = self.services.s3
        self.mail = Mail(self.vpc, self.authority, self._stranger, MAIL_HOST)
        self.names.add(MAIL_HOST, self.mail.ADDRESS)
        self.database = self._cluster("database", DATABASE_HOST, self.vpc.DATABASE)
        self._others: dict[str, Database] = {}
        self.front = Front(self.vpc, self.authority, self._stranger)
        say("aws: network, names, metadata, services, mail, database and front are there")

    def reset(self) -> None:
        """Put everything back to where a person is before the stack is made."""
        self.services.reset()
        self.metadata.reset()
        self.vpc.unblock_all()
        for name, value in SECRETS.items():
            self.ssm.put(name, value)
        self.mail.reset(_login("mail"), MAIL["MailDomain"])
        for database in (self.database, *self._others.values()):
            database.reset(*_login("database"), DATABASE_NAME)

    def database_of(self, stack_name: str) -> Database:
        """A cluster of that stack's own beside ``database``, made when it is first asked for."""
        if stack_name not in self._others:
            address = f"10.0.10.{11 + len(self._others)}"
            self.vpc.add_address(address)
            host = database_host(stack_name)
            made = self._cluster(f"database-{stack_name}", host, address)
            made.reset(*_login("database"), DATABASE_NAME)
            self._others[stack_name] = made
        return self._others[stack_name]

    @property
    def logs(self) -> Logs:
        """CloudWatch Logs."""
        return self.services.logs

    @property
    def topics(self) -> Topics:
        """SNS, with the mails to the admin."""
        return self.services.topics

    @property
    def signals(self) -> list[Signal]:
        """Every signal that arrived, in order."""
        return self.services.cloudformation.signals

    @property
    def calls(self) -> list[Call]:
        """Every call of a service, in order."""
        return self.services.calls

    @property
    def refuse_signals(self) -> bool:
        """Whether CloudFormation refuses signals."""
        return self.services.cloudformation.refuses

    @refuse_signals.setter
    def refuse_signals(self, refuses: bool) -> None:
        self.services.cloudformation.refuses = refuses

    def down(self, service: str, after: str = "") -> None:
        """Have a service answer 503; with ``after`` once it has answered a call that begins so."""
        self.services.down(service, after)

    def up(self, service: str) -> None:
        """Have it answer again."""
        self.services.up(service)

    def fetch(self, url: str) -> Answer:
        """What somebody on the internet gets at an address of AWS's."""
        began, parts = time.monotonic(), urlsplit(url)
        host = parts.netloc
        answer = exchange(
            *(self.vpc.visitor, self.vpc.VISITORS[0], (self.address(host), 443), "GET"),
            f"{parts.path}?{parts.query}",
            [("Host", host)],
            b"",
            context=self.authority.client_context(),
            server_name=host,
        )
        return answer_of(*answer, began)

    def address(self, host: str) -> str:
        """The address of a host name; an address stays what it is."""
        return self.names.address(host) or host

    def _cluster(self, folder: str, host: str, address: str) -> Database:
        self.names.add(host, address)
        return Database(
            self._folder / folder, self.vpc, self.authority, self._stranger, host, address
        )


def _login(service: str) -> tuple[str, str]:
    """User name and password of a service, as Parameter Store has them."""
    return SECRETS[f"/diaspora/{service}/username"], SECRETS[f"/diaspora/{service}/password"]
