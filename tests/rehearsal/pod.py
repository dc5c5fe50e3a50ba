"""A pod: one machine of a rendered stack, with its front."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from .aws import Aws
from .bake import Image
from .fakes.cloudformation import Signal
from .fakes.database import Database
from .fakes.front import Answer, Route, Visitor, answer_of, exchange
from .fakes.metadata import Instance
from .layers import Disk, overlay, unmount
from .log import Broken, say
from .machine import Machine
from .network import Namespace
from .stack import ACCOUNT, REGION, TEMPLATE, RenderedStack, rendered_stack

_SEED = "/var/lib/cloud/seed/nocloud"
_RDS_AUTHORITIES = "/usr/share/diaspora/rds-ca.pem"


class PodMachine(Machine):
    """A machine that can be cut off from hosts of AWS by their names."""

    def __init__(
        self, name: str, disk: Disk, folder: Path, namespace: Namespace, address: str, aws: Aws
    ) -> None:
        super().__init__(name, disk.root, folder, namespace, disk)
        self.address = address
        self._aws = aws

    def block(self, host: str) -> None:
        """Let the machine's packets to a host vanish."""
        self.say(f"no longer reaches {host}")
        self._aws.vpc.block(self.address, self._aws.address(host))

    def unblock(self, host: str) -> None:
        """Let them arrive again."""
        self.say(f"reaches {host} again")
        self._aws.vpc.unblock(self.address, self._aws.address(host))


class Pod:
    """A pod of one stack; ``machine`` is off until it is started."""

    def __init__(
        self, aws: Aws, machine: PodMachine, stack: RenderedStack, database: Database
    ) -> None:
        self.aws = aws
        self.machine = machine
        self.database = database
        self.stack = stack
        self.instance_id = stack.instance_id
        self.settings = stack.settings
        self.front = Visitor(aws.vpc, aws.authority, stack.host)
        self.launched = time.monotonic()

    def take_front(self) -> None:
        """Lead visitors here, wherever they were led before."""
        self.aws.front.add(self.stack.host, Route(self.machine.address, self.stack.mappings))

    def start(self) -> None:
        """Launch it: from here on counts ``Signal.at`` of wait_for_signal."""
        self.launched = time.monotonic()
        self.machine.start()

    def wait_for_signal(self, seconds: float = 300) -> Signal:
        """The pod's first signal; its ``at`` is in seconds since the launch."""
        say(f"{self.machine.name}: waits for its signal")
        while time.monotonic() < self.launched + seconds:
            for signal in self.aws.signals:
                if signal.unique_id.startswith(self.instance_id):
                    found = Signal(**{**vars(signal), "at": signal.at - self.launched})
                    say(f"{self.machine.name}: {found.status} {found.step} after {found.at:.1f} s")
                    return found
            if not self.machine.is_running():
                raise Broken(f"{self.machine.name} is off\n{self.machine.console()[-2000:]}")
            time.sleep(0.2)
        raise Broken(f"no signal within {seconds} s\n{self.machine.journal()[-6000:]}")

    def inside(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        seconds: float = 60,
    ) -> Answer:
        """Ask port 80 from inside the VPC, past the front."""
        began = time.monotonic()
        given = {"Host": self.stack.host, **(headers or {})}
        vpc = self.aws.vpc
        status, received, content = exchange(
            *(vpc.aws, vpc.LINK, (self.machine.address, 80), method, path),
            list(given.items()),
            body,
            seconds=seconds,
        )
        return answer_of(status, received, content, began)

    def run_user_data_again(self) -> None:
        """Run the user data once more, as a machine does whose cloud-init forgot that it ran."""
        self.machine.succeed("cloud-init single --name scripts_user --frequency always")


class Pods:
    """Makes pods of one image, told by one template, and ends them."""

    # No two machines of a run have the same name, whatever image they are of.
    _NUMBERS = itertools.count(1)

    def __init__(self, aws: Aws, image: Image, folder: Path, template: Path = TEMPLATE) -> None:
        self._aws = aws
        self._image = image
        self._folder = folder
        self._template = template
        self._trusting = _trusting_layer(folder / "trusting", image, aws)
        self._pods: list[tuple[PodMachine, Disk]] = []

    def launch(
        self, stack_name: str = "pod", database: Database | None = None, /, **answers: str
    ) -> Pod:
        """A pod of the committed template with these answers, started.

        Its cluster is ``aws.database`` where none is given.
        """
        pod = self.prepare(stack_name, database, **answers)
        pod.start()
        return pod

    def prepare(
        self, stack_name: str = "pod", database: Database | None = None, /, **answers: str
    ) -> Pod:
        """The same, not started yet."""
        pod = self.make(stack_name, database, **answers)
        pod.take_front()
        return pod

    def make(
        self, stack_name: str = "pod", database: Database | None = None, /, **answers: str
    ) -> Pod:
        """The same, and visitors are led to it only when it is told to take the front."""
        database = database or self._aws.database
        stack = rendered_stack(stack_name, answers, database.host, self._template)
        machine = self._machine(stack_name)
        pod = Pod(self._aws, machine, stack, database)
        self._introduce(pod)
        _seed(machine, stack)
        return pod

    def bare(self) -> PodMachine:
        """The image, started with nothing told to it."""
        machine = self._machine("bare")
        machine.start()
        return machine

    def end(self, show: Callable[[PodMachine], None] | None = None) -> None:
        """End all pods; ``show`` is called with each before."""
        for machine, disk in self._pods:
            if show:
                # Whatever keeps one from being shown must not keep it running.
                with contextlib.suppress(Exception):
                    show(machine)
            machine.end()
            disk.unmount()
            machine.namespace.remove()
        self._pods.clear()

    def _machine(self, stack_name: str) -> PodMachine:
        name = f"{stack_name}-{next(self._NUMBERS)}"
        namespace, address = self._aws.vpc.add_machine(name)
        folder = self._folder / "machines" / name
        disk = Disk(folder, [self._trusting, *self._image.layers])
        machine = PodMachine(name, disk, folder, namespace, address, self._aws)
        self._pods.append((machine, disk))
        return machine

    def _introduce(self, pod: Pod) -> None:
        """Tell AWS's part of the pod: what CloudFormation has made before the machine starts."""
        stack, aws, settings = pod.stack, self._aws, pod.settings
        machine = pod.machine
        aws.metadata.add(
            Instance(stack.instance_id, machine.address, stack.user_data, REGION, ACCOUNT)
        )
        aws.services.role = stack.rendered.resources["PodRole"]
        aws.names.add(stack.host, aws.vpc.FRONT)
        # An older template tells of none.
        aws.topics.known.add(settings.get("alarm_topic", ""))
        owned = [bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]]
        if settings["bucket"] not in owned:
            aws.s3.create_bucket(
                Bucket=settings["bucket"],
                CreateBucketConfiguration={"LocationConstraint": REGION},
            )


def _trusting_layer(folder: Path, image: Image, aws: Aws) -> Path:
    """Changes to the image for the rehearsal: it believes the test authority, for AWS and for RDS.

    The image has them as AWS's authorities; its programs notice no difference.
    """
    root = overlay(folder, image.layers)
    shutil.copy(aws.authority.file, root / "usr/local/share/ca-certificates/rehearsal.crt")
    subprocess.run(["chroot", root, "update-ca-certificates"], check=True, capture_output=True)
    shutil.copy(aws.authority.file, root / _RDS_AUTHORITIES.lstrip("/"))
    resolver = root / "etc/resolv.conf"
    resolver.unlink(missing_ok=True)
    resolver.write_text(f"nameserver {aws.vpc.NAMES}\n")
    unmount(root)
    return folder / "changes"


def _seed(machine: PodMachine, stack: RenderedStack) -> None:
    """Give cloud-init what EC2 would: an instance id and the user data."""
    folder = machine.root / _SEED.lstrip("/")
    folder.mkdir(parents=True)
    (folder / "meta-data").write_text(f"instance-id: {stack.instance_id}\n")
    (folder / "user-data").write_text(stack.user_data)
