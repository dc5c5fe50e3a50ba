"""Everything around the pod, in one place: what stories see as ``aws``."""

from __future__ import annotations

from pathlib import Path

from diaspora_cf.database import DATABASE_NAME

from .authority import Authority
from .fakes.cloudformation import Signal
from .fakes.cloudwatch import Logs
from .fakes.database import Database
from .fakes.front import Front
from .fakes.metadata import Metadata
from .fakes.names import Names
from .fakes.services import Call, Services
from .log import say
from .network import Vpc
from .stack import DATABASE_HOST, SECRETS


class Aws:
    """A region with one account: network, names, services, database and front."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "authority", "the rehearsal's authority")
        self.vpc = Vpc()
        self.names = Names()
        self.names.serve(self.vpc.aws, self.vpc.NAMES)
        self.metadata = Metadata()
        self.metadata.serve(self.vpc.aws, self.vpc.METADATA)
        self.services = Services(self.vpc, self.names, self.authority, self.metadata)
        self.ssm = self.services.ssm
        self.s3 = self.services.s3
        self.database = Database(folder / "database", self.vpc, self.authority, DATABASE_HOST)
        self.names.add(DATABASE_HOST, self.vpc.DATABASE)
        self.front = Front(self.vpc, self.authority)
        say("aws: network, names, metadata, services, database and front are there")

    def reset(self) -> None:
        """Put everything back to where a person is before the stack is made."""
        self.services.reset()
        self.metadata.reset()
        self.vpc.unblock_all()
        for name, value in SECRETS.items():
            self.ssm.put(name, value)
        user, password = (SECRETS[f"/diaspora/database/{it}"] for it in ("username", "password"))
        self.database.reset(user, password, DATABASE_NAME)

    @property
    def logs(self) -> Logs:
        """CloudWatch Logs."""
        return self.services.logs

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

    def down(self, service: str) -> None:
        """Have a service answer 503."""
        self.services.down(service)

    def up(self, service: str) -> None:
        """Have it answer again."""
        self.services.up(service)

    def address(self, host: str) -> str:
        """The address of a host name; an address stays what it is."""
        return self.names.address(host) or host
