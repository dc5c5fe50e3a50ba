"""The pod's settings: what the stack told it, checked against the schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from typing import Any

from .errors import Permanent
from .machine import Machine


@dataclass(frozen=True)
class Settings:
    """Every key of ``pod.schema.json``, as the text that it arrived as."""

    region: str
    stack_id: str
    signal_resource: str
    first_boot_deadline: str
    log_group: str
    pod_name: str
    domain_name: str
    owns_domain: str
    enable_registration: str
    invitations_open: str
    admin_account: str
    admin_email: str
    database_host: str
    database_port: str
    database_name: str
    database_username_key: str
    database_username_version: str
    database_password_key: str
    database_password_version: str
    mail_enabled: str
    mail_host: str
    mail_domain: str
    mail_sender_address: str
    mail_username_key: str
    mail_username_version: str
    mail_password_key: str
    mail_password_version: str
    bucket: str
    secrets_path: str
    federation_patience: str
    alarm_topic: str
    automatic_reboot: str
    must_know: str

    @property
    def runs_jobs(self) -> bool:
        """Two pods of one domain must not mail and federate as one."""
        return self.owns_domain == "yes"

    @property
    def waits(self) -> bool:
        """Whether messages of other pods wait while the database sleeps."""
        return self.federation_patience != "0"

    @property
    def reboots_itself(self) -> bool:
        """Whether the machine may restart itself at night for an update's sake."""
        return self.automatic_reboot == "yes"

    @property
    def sends_mail(self) -> bool:
        """Whether the mail settings mean anything."""
        return self.mail_enabled == "true"


def load(machine: Machine) -> Settings:
    """Read and check the settings file; raises Permanent with everything that is wrong in it."""
    schema = _read_schema(machine)
    values = {**_defaults(schema), **read(machine)}
    wrong = problems(values, schema)
    if wrong:
        raise Permanent(f"{machine.settings}: {'; '.join(wrong)}")
    return Settings(**{field.name: values[field.name] for field in fields(Settings)})


def read(machine: Machine) -> dict[str, Any]:
    """Read the settings file unchecked; raises Permanent where it is no JSON object."""
    try:
        values = json.loads(machine.settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Permanent(f"{machine.settings} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise Permanent(f"{machine.settings} holds no JSON object")
    return values


def unknown(machine: Machine) -> list[str]:
    """The keys of the settings file that this image does not know: a newer template's."""
    known = _read_schema(machine)["properties"]
    return [key for key in read(machine) if key not in known]


def problems(values: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """What the schema dislikes about the values, one text for each.

    Understands what our schema uses: flat, all strings, with $ref, minLength, pattern and enum;
    and must_know, which no schema can say. Other keys that are unknown are passed over.
    """
    rules = schema["properties"]
    return [
        *(f"{key} is missing" for key in schema["required"] if key not in values),
        *(
            f"{key} is unknown to this image, and must be known"
            for key in str(values.get("must_know", "")).split()
            if key not in rules
        ),
        *(
            f"{key} is {json.dumps(value, ensure_ascii=False)}, which it cannot be"
            for key, value in values.items()
            if key in rules and not _fits(value, _resolved(rules[key], schema))
        ),
    ]


def _read_schema(machine: Machine) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(machine.schema.read_text(encoding="utf-8"))
    return schema


def _defaults(schema: dict[str, Any]) -> dict[str, str]:
    """What a key means that an older template does not send."""
    rules = schema["properties"]
    return {key: rule["default"] for key, rule in rules.items() if "default" in rule}


def _resolved(rule: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in rule:
        return rule
    found: dict[str, Any] = schema["$defs"][rule["$ref"].removeprefix("#/$defs/")]
    return found


def _fits(value: object, rule: dict[str, Any]) -> bool:
    return (
        isinstance(value, str)
        and _can_be_written(value)
        and len(value) >= rule.get("minLength", 0)
        and value in rule.get("enum", [value])
        # The whole of it: Python's $ would let a line break pass at the end.
        and ("pattern" not in rule or re.fullmatch(rule["pattern"], value) is not None)
    )


def _can_be_written(text: str) -> bool:
    """JSON can spell half a surrogate pair, which no file can hold."""
    return not re.search("[\ud800-\udfff]", text)
