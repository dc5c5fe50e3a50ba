"""Networks of the rehearsal's own: AWS as the pod sees it, and a way out for the bake.

They stand in network namespaces, which end with the rehearsal. Nothing of the host's own network is
changed: the bake goes out through slirp4netns, a network stack in a process.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

_NETWORK = 0x40000000


class Namespace:
    """A network namespace by name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path = Path("/run/netns") / name
        _run("ip", "netns", "add", name)
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments: str) -> None:
        """Run ``ip`` in it."""
        _run("ip", "-netns", self.name, *arguments)

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a command in it, with ``given`` as its input; returns its output."""
        return _run("ip", "netns", "exec", self.name, *command, given=given)

    def remove(self) -> None:
        """Take it away with its links."""
        _run("ip", "netns", "delete", self.name)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets that the calling thread makes meanwhile belong to this namespace, for good."""
        with Path("/proc/thread-self/ns/net").open("rb") as home, self.path.open("rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())


def join(one: Namespace, device: str, other: Namespace, other_device: str) -> None:
    """Lay a cable between two namespaces; both ends are up."""
    one.ip(*f"link add {device} type veth peer name {other_device} netns {other.name}".split())
    one.ip("link", "set", device, "up")
    other.ip("link", "set", other_device, "up")


class Outside:
    """The way to the host's network, for the bake alone: ``machine`` is where a guest is put.

    Servers for the guest listen in ``gateway`` at ADDRESS, which the guest reaches and nobody else.
    """

    ADDRESS = "10.99.0.1"
    GUEST = "10.99.0.2"
    NAMES = "10.0.2.3"  # slirp4netns answers for the host's own resolver there

    def __init__(self) -> None:
        self.gateway = Namespace("gateway")
        self.machine = Namespace("bake")
        join(self.gateway, "guest", self.machine, "ens5")
        self.gateway.ip("address", "add", f"{self.ADDRESS}/24", "dev", "guest")
        self.machine.ip("address", "add", f"{self.GUEST}/24", "dev", "ens5")
        self.machine.ip("route", "add", "default", "via", self.ADDRESS)
        self.gateway.run("sysctl", "--quiet", "--write", "net.ipv4.ip_forward=1")
        self.gateway.run(
            "nft",
            "add table ip nat; add chain ip nat out "
            "{ type nat hook postrouting priority 100; }; "
            'add rule ip nat out oifname "tap0" masquerade',
        )
        self._slirp = subprocess.Popen(
            [
                *("slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback"),
                *("--netns-type=path", str(self.gateway.path), "tap0"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_for_way_out()

    def close(self) -> None:
        """Take it away."""
        self._slirp.kill()
        self._slirp.wait()
        self.machine.remove()
        self.gateway.remove()

    def _wait_for_way_out(self) -> None:
        for _ in range(100):
            if "default" in self.gateway.run("ip", "route"):
                return
            time.sleep(0.1)
        raise RuntimeError("slirp4netns made no way out within ten seconds")


class Vpc:
    """AWS as the pod sees it, on one bridge; ``aws`` holds every server, ``visitor`` is outside.

    Addresses that are AWS's or the internet's come from the ranges kept for documentation.
    """

    GATEWAY = "10.0.0.1"
    NAMES = "10.0.0.2"
    LINK = "10.0.1.10"
    DATABASE = "10.0.10.10"
    METADATA = "169.254.169.254"
    FRONT = "203.0.113.10"
    SERVICES = "203.0.113."
    VISITORS = tuple(f"198.51.100.{number}" for number in range(7, 17))

    def __init__(self) -> None:
        self.aws = Namespace("aws")
        self.visitor = Namespace("visitor")
        self.aws.ip("link", "add", "vpc", "type", "bridge")
        # Given: it would be that of some machine's cable, and change when that machine is gone. The
        # others would send to the old one for half a minute.
        self.aws.ip("link", "set", "vpc", "address", "02:00:00:00:00:01")
        self.aws.ip("link", "set", "vpc", "up")
        self.aws.ip("address", "add", f"{self.GATEWAY}/16", "dev", "vpc")
        for address in (self.NAMES, self.LINK, self.DATABASE, self.METADATA, self.FRONT):
            self.add_address(address)
        join(self.aws, "internet", self.visitor, "eth0")
        self.aws.ip("address", "add", "198.51.100.1/24", "dev", "internet")
        for address in self.VISITORS:
            self.visitor.ip("address", "add", f"{address}/24", "dev", "eth0")
        self.visitor.ip("route", "add", "default", "via", "198.51.100.1")
        self.aws.run(
            "nft",
            "add table ip faults; add chain ip faults arrivals "
            "{ type filter hook input priority 0; }; "
            "add set ip faults blocked { type ipv4_addr . ipv4_addr; }; "
            "add rule ip faults arrivals ip saddr . ip daddr @blocked drop",
        )
        self._machines = 10

    def add_address(self, address: str) -> None:
        """Give AWS's side one more address."""
        self.aws.ip("address", "add", f"{address}/32", "dev", "vpc")

    def add_machine(self, name: str) -> tuple[Namespace, str]:
        """A namespace for a machine in the public subnet, and its address there."""
        self._machines += 1
        address = f"10.0.0.{self._machines}"
        namespace = Namespace(name)
        device = f"port{self._machines}"
        join(self.aws, device, namespace, "ens5")
        self.aws.ip("link", "set", device, "master", "vpc")
        namespace.ip("address", "add", f"{address}/24", "dev", "ens5")
        namespace.ip("route", "add", "default", "via", self.GATEWAY)
        return namespace, address

    def block(self, source: str, target: str) -> None:
        """Packets from one address to another vanish from now on."""
        self._change_faults("add", source, target)

    def unblock(self, source: str, target: str) -> None:
        """They arrive again."""
        self._change_faults("delete", source, target)

    def unblock_all(self) -> None:
        """All packets arrive again."""
        self.aws.run("nft", "flush set ip faults blocked")

    def _change_faults(self, verb: str, source: str, target: str) -> None:
        self.aws.run("nft", f"{verb} element ip faults blocked {{ {source} . {target} }}")


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _run(*command: str, given: str | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, input=given)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
