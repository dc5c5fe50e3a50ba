"""Commands for the pod that are run from AWS's console, with neither a shell nor a plugin.

AWS keeps what they print, the first 24,000 characters of it (Systems Manager API Reference,
GetCommandInvocation), for whoever may read that. So none of them prints a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import Ref, ssm

from ...parameters.machine import USES_SESSION_MANAGER
from ...template.stack import Stack

PROGRAM = "/usr/sbin/diaspora-pod"
# The agent puts an answer into the text that a shell then reads, so that none may hold what means
# anything to a shell, begins as an option does, or names a parameter of AWS's ({{ssm:…}}).
NAME_PATTERN = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$"
EMAIL_PATTERN = "^[A-Za-z0-9_][A-Za-z0-9_.%+-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,127}$"


@dataclass(frozen=True)
class Commands:
    """The names under which the console lists them."""

    status: Ref
    doctor: Ref
    admin: Ref
    support: Ref


def add_commands(stack: Stack) -> Commands:
    """Add what may be run, where the machine has an agent that may be told to.

    Commands come to it by the same way as sessions do, and with the same rights (Systems Manager
    User Guide, "Reference: ec2messages, ssmmessages, and other API operations").
    """
    return Commands(
        status=_add(stack, "RunStatus", "How the pod is, in ten lines.", "status"),
        doctor=_add(
            stack,
            "RunDoctor",
            "Asks for everything that the pod needs, and says what to do. Wakes the database.",
            "doctor",
        ),
        admin=_add(
            stack,
            "RunAdmin",
            "Makes an account where there is none of this name, makes it an admin, and mails it a "
            "link to set its password, or says where that link is.",
            "admin --unseen '{{ Name }}' '{{ Email }}'",
            {
                "Name": _asked("The user name, such as alice.", NAME_PATTERN),
                "Email": _asked("Where a new account gets its mail.", EMAIL_PATTERN),
            },
        ),
        support=_add(
            stack,
            "RunSupportBundle",
            "Puts logs and state, without secrets, into the pod's bucket: for whoever helps you.",
            "support-bundle",
        ),
    )


def _asked(text: str, pattern: str) -> dict[str, str]:
    return {"type": "String", "description": text, "allowedPattern": pattern}


def _add(
    stack: Stack,
    title: str,
    text: str,
    words: str,
    parameters: dict[str, dict[str, str]] | None = None,
) -> Ref:
    content: dict[str, Any] = {
        "schemaVersion": "2.2",
        "description": text,
        **({"parameters": parameters} if parameters else {}),
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": "run",
                "inputs": {"timeoutSeconds": "600", "runCommand": [f"{PROGRAM} {words}"]},
            }
        ],
    }
    # Unnamed: the console lists it as STACK-TITLE and some letters. That stays when it changes.
    document = ssm.Document(
        title,
        Condition=stack.when(USES_SESSION_MANAGER),
        DocumentType="Command",
        UpdateMethod="NewVersion",
        TargetType="/AWS::EC2::Instance",
        Content=content,
    )
    return Ref(stack.add(document))
