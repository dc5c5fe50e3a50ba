"""What the console shows when the stack is there: where the pod is, and what comes next."""

from __future__ import annotations

from troposphere import Sub

from ..parameters.essentials import NEEDS_RECORD
from ..parameters.machine import USES_CONNECT_ENDPOINT, USES_SESSION_MANAGER
from ..parameters.money import IS_ONLINE
from ..template.question import all_of
from ..template.stack import Stack
from .database import Database
from .front import Front
from .logs import Logs
from .machine.commands import Commands
from .machine.pod import Pod
from .storage import Storage

_SHELL_BY_SESSION = all_of("ShellBySession", IS_ONLINE, USES_SESSION_MANAGER)
_SHELL_BY_ENDPOINT = all_of("ShellByEndpoint", IS_ONLINE, USES_CONNECT_ENDPOINT)


def add_outputs(
    stack: Stack,
    pod: Pod,
    commands: Commands,
    front: Front,
    storage: Storage,
    database: Database,
    logs: Logs,
) -> None:
    """Add the outputs, in the order in which a person needs them."""
    stack.output("PodUrl", "Your pod.", Sub("https://${Host}", Host=front.host))
    stack.output(
        "DnsRecord",
        "The record to make at your DNS provider. A bare domain such as example.org cannot have a "
        "CNAME: it needs the provider's ALIAS or ANAME to the same target.",
        Sub("${DomainName} CNAME ${Target}", Target=front.target),
        NEEDS_RECORD,
    )
    _add_shell_outputs(stack, pod)
    stack.output(
        "AdminCommand",
        "To be typed in that shell, with the user name that you want: makes your account, makes it "
        "an admin, and prints a password once.",
        Sub("sudo diaspora-pod admin NAME ${AdminEmail}"),
        IS_ONLINE,
    )
    _add_console_output(stack, pod, commands)
    stack.output("Bucket", "The bucket that holds what users upload.", storage.bucket)
    stack.output("DatabaseEndpoint", "The database's name inside the VPC.", database.endpoint)
    stack.output("PodLog", "The pod's log group: why a boot failed, among others.", logs.pod_name)
    stack.output("FrontLog", "The front's log group: each request.", logs.front_name)
    stack.output(
        "ProtectDatabase",
        "Once the pod runs, protect its data.",
        "CloudFormation console > this stack > Update > Use existing template > set "
        "DatabaseDeletionProtection to true > Next > Next > Submit",
    )


def _add_console_output(stack: Stack, pod: Pod, commands: Commands) -> None:
    stack.output(
        "RunInConsole",
        "The same without a shell, and a look at the pod: status, doctor, admin, support bundle.",
        Sub(
            "Systems Manager console > Run Command > Run command > Owner: Owned by me > ${Status}, "
            "${Doctor}, ${Admin} or ${Support} > Choose instances manually > ${Pod} > Run",
            Status=commands.status,
            Doctor=commands.doctor,
            Admin=commands.admin,
            Support=commands.support,
            Pod=pod.instance,
        ),
        _SHELL_BY_SESSION,
    )


def _add_shell_outputs(stack: Stack, pod: Pod) -> None:
    stack.output(
        "ShellCommand",
        "Opens a shell on the pod. Or in the EC2 console: the instance > Connect > Session "
        "Manager.",
        Sub("aws ssm start-session --target ${Pod} --region ${AWS::Region}", Pod=pod.instance),
        _SHELL_BY_SESSION,
    )
    stack.output(
        "SshCommand",
        "Opens a shell on the pod, through AWS's bastion.",
        Sub(
            "aws ec2-instance-connect ssh --connection-type eice --os-user ubuntu "
            "--instance-id ${Pod} --region ${AWS::Region}",
            Pod=pod.instance,
        ),
        _SHELL_BY_ENDPOINT,
    )
