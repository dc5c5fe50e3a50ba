"""The database cluster: a real PostgreSQL, behind a door that can sleep, wake or be gone."""

from __future__ import annotations

import contextlib
import pwd
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from ..authority import Authority, Certificate
from ..log import say
from ..network import Vpc
from .sessions import LOG_SETTINGS, Session, sessions_of

PORT = 5432
_OWNER = "postgres"
# Aurora's master user may make databases and roles, and is no superuser.
_ROLE = "LOGIN CREATEDB CREATEROLE"
_SETTINGS = """
listen_addresses = '{address}'
unix_socket_directories = '{folder}'
fsync = off
ssl = on
ssl_cert_file = '{folder}/server.crt'
ssl_key_file = '{folder}/server.key'
password_encryption = 'scram-sha-256'
"""
# TLS is not forced: a client that talks without it is to be caught by what it does itself.
_WHO_MAY = """
local all postgres trust
host all all 0.0.0.0/0 scram-sha-256
"""


class Database:
    """A cluster as the pod sees it; ``connections`` counts what came to its door.

    ``host`` is its name, and ``address`` the one of its door, which is there already.
    """

    def __init__(
        self,
        folder: Path,
        vpc: Vpc,
        authority: Authority,
        stranger: Authority,
        host: str,
        address: str,
    ) -> None:
        self.host = host
        self._folder = folder
        self._vpc = vpc
        self._address = address
        # Behind the door. Several clusters have the same port, and each an address of its own.
        self._inner_address = f"127.0.0.{address.rpartition('.')[2]}"
        self._good = authority.certificate(host)
        self._stranger = stranger.certificate(host)
        self._programs = _programs()
        self.connections = 0
        self._wakes_at = 0.0
        self._wake_after: float | None = None
        self._door: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._make_cluster()
        self._open_door()

    def reset(self, user: str, password: str, name: str) -> None:
        """Awake, trusted, with one empty database of that user's."""
        self.come_back()
        self._wake_after = None
        self._close_connections()
        self._tls(self._good)
        self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        for role in self._admin("SELECT rolname FROM pg_roles WHERE rolcanlogin").split():
            if role != _OWNER:
                self._admin(f'DROP ROLE "{role}"')
        self._name = name
        self._user = user
        quoted = password.replace("'", "''")
        self._admin(f"CREATE ROLE \"{user}\" {_ROLE} PASSWORD '{quoted}'")
        self._admin(f'CREATE DATABASE "{name}" OWNER "{user}"')
        self.connections = 0

    # Faults.

    def sleep(self, wake_after: float = 35) -> None:
        """Fall asleep: who connects wakes it, and waits that many seconds."""
        self._close_connections()
        self._wake_after = wake_after
        self._wakes_at = 0

    def vanish(self) -> None:
        """Be gone: connections break, new ones are refused."""
        self._close_door()
        self._close_connections()

    def come_back(self) -> None:
        """Be there again."""
        if self._door is None:
            self._open_door()

    def certificate_of(self, whose: str | None) -> None:
        """Show a stranger's certificate, or with None no TLS at all; "us" is the right one."""
        self._tls({"us": self._good, None: None}.get(whose, self._stranger))

    def refuse_password(self) -> None:
        """Have another password than the one that the pod knows."""
        self.take_password("another")

    def take_password(self, password: str) -> None:
        """Have this password from now on; who is connected stays so."""
        quoted = password.replace("'", "''")
        self._admin(f"ALTER ROLE \"{self._user}\" PASSWORD '{quoted}'")

    def psql(self, sql: str) -> str:
        """Run SQL in the pod's database; returns values, unaligned."""
        return self._admin(sql, self._name)

    def sessions(self, since: float = 0) -> list[Session]:
        """The pod's connections by PostgreSQL's own log: those that began since then, in order."""
        log = (self._folder / "log").read_text(errors="replace")
        return [session for session in sessions_of(self._user, log) if session.began >= since]

    def logged(self, words: str) -> int:
        """In how many lines PostgreSQL's own log has these words, since the run began."""
        log = (self._folder / "log").read_text(errors="replace")
        return sum(words in line for line in log.splitlines())

    # The cluster.

    def _make_cluster(self) -> None:
        self._folder.mkdir(parents=True)
        shutil.chown(self._folder, _OWNER)
        data = self._folder / "data"
        self._as_owner("initdb", f"--pgdata={data}", "--auth=trust", "--no-sync", "--encoding=UTF8")
        self._own_file("data/postgresql.conf", self._settings())
        self._own_file("data/pg_hba.conf", _WHO_MAY)
        self._install(self._good)
        self._control("start")
        say("database: a PostgreSQL cluster runs")

    def _settings(self) -> str:
        return _SETTINGS.format(folder=self._folder, address=self._inner_address) + LOG_SETTINGS

    def _tls(self, certificate: Certificate | None) -> None:
        self._admin(f"ALTER SYSTEM SET ssl = {'on' if certificate else 'off'}")
        if certificate:
            self._install(certificate)
        self._control("reload")
        time.sleep(0.2)

    def _install(self, certificate: Certificate) -> None:
        self._own_file("server.crt", certificate.file.read_text())
        self._own_file("server.key", certificate.key.read_text())

    def _own_file(self, name: str, text: str) -> None:
        file = self._folder / name
        file.write_text(text)
        file.chmod(0o600)
        shutil.chown(file, _OWNER)

    def _control(self, verb: str) -> None:
        with self._vpc.aws.inside():
            self._as_owner(
                *("pg_ctl", verb, "--silent", f"--pgdata={self._folder}/data"),
                *(f"--log={self._folder}/log",),
            )

    def _admin(self, sql: str, name: str = "postgres") -> str:
        done = subprocess.run(
            [
                *("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"),
                *("--set=ON_ERROR_STOP=1", f"--host={self._folder}", f"--username={_OWNER}", name),
            ],
            input=sql,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{sql}: {done.stderr}")
        return done.stdout.strip()

    def _as_owner(self, program: str, *arguments: str) -> None:
        owner = pwd.getpwnam(_OWNER)
        done = subprocess.run(
            [self._programs / program, *arguments],
            user=owner.pw_uid,
            group=owner.pw_gid,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr!r}; see {self._folder}/log")

    # The door: connections from the VPC are passed on, when it is their time.

    def _open_door(self) -> None:
        with self._vpc.aws.inside():
            door = socket.create_server((self._address, PORT), backlog=128)
        self._door = door
        threading.Thread(target=self._welcome, args=(door,), daemon=True).start()

    def _close_door(self) -> None:
        if self._door:
            with contextlib.suppress(OSError):
                self._door.shutdown(socket.SHUT_RDWR)
            self._door.close()
            self._door = None

    def _welcome(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = door.accept()
                self.connections += 1
                threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        self._open.append(client)
        if self._wake_after is not None:
            now = time.monotonic()
            self._wakes_at = self._wakes_at or now + self._wake_after
            time.sleep(max(0.0, self._wakes_at - now))
        with contextlib.suppress(OSError), self._vpc.aws.inside():
            server = socket.create_connection((self._inner_address, PORT))
            self._open.append(server)
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            _pump(client, server)

    def _close_connections(self) -> None:
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._open.clear()


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, and that nothing more does. The other side may have a last word: of a
    connection that a client closed, TLS has one, and it leaves the client's machine no trace."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _programs() -> Path:
    """Where the newest PostgreSQL of the host has its programs."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return max(found, key=lambda folder: int(folder.parent.name))
