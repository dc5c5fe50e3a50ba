"""The pod's settings: which answers and handles reach the machine, under which key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from troposphere import AWSHelperFn, Ref, Sub

from ...parameters import community, essentials, machine, mail
from ...parameters import database as database_questions
from ...parameters.moving import GIVES_SECRETS_PATH, SECRETS_PATH
from ...template.stack import Stack
from ..database import Database
from ..database.postgresql import DATABASE_NAME, PORT
from ..logs import Logs
from ..storage import Storage

# Keys without which the pod would be wrong: an image that does not know one of them boots no pod,
# and says so. Every other key that it does not know it passes over.
MUST_KNOW: tuple[str, ...] = ()


@dataclass(frozen=True)
class FirstBoot:
    """Which resource awaits a new machine's signal, and the seconds after which it gives up."""

    resource: str
    deadline_seconds: int


def pod_settings(
    stack: Stack,
    first_boot: FirstBoot,
    database: Database,
    storage: Storage,
    logs: Logs,
    topic: Ref,
) -> dict[str, str | AWSHelperFn]:
    """Every key of ``pod.schema.json`` with its value."""
    return {
        **_stack_settings(first_boot, logs),
        "pod_name": essentials.POD_NAME.ref,
        "domain_name": essentials.DOMAIN_NAME.ref,
        "owns_domain": essentials.OWNS_DOMAIN.ref,
        "enable_registration": community.ENABLE_REGISTRATION.ref,
        "invitations_open": community.INVITATIONS_OPEN.ref,
        "admin_account": community.ADMIN_ACCOUNT.ref,
        "admin_email": essentials.ADMIN_EMAIL.ref,
        **_database_settings(stack, database),
        **_mail_settings(stack),
        "alarm_topic": topic,
        "automatic_reboot": machine.AUTOMATIC_REBOOT.ref,
        "bucket": storage.bucket,
        "secrets_path": secrets_path(stack),
        **must_know(MUST_KNOW),
    }


def must_know(keys: Iterable[str]) -> dict[str, str]:
    """The setting that names these keys; none where there is nothing to name."""
    names = " ".join(keys)
    return {"must_know": names} if names else {}


def secrets_path(stack: Stack) -> AWSHelperFn:
    """Where the pod keeps its own secrets; a parameter's default cannot name the stack."""
    return stack.choose(GIVES_SECRETS_PATH, SECRETS_PATH.ref, Sub("/diaspora/${AWS::StackName}"))


def _stack_settings(first_boot: FirstBoot, logs: Logs) -> dict[str, str | AWSHelperFn]:
    return {
        "region": Ref("AWS::Region"),
        "stack_id": Ref("AWS::StackId"),
        "signal_resource": first_boot.resource,
        "first_boot_deadline": str(first_boot.deadline_seconds),
        "log_group": logs.pod_name,
    }


def _database_settings(stack: Stack, database: Database) -> dict[str, str | AWSHelperFn]:
    return {
        "database_host": database.endpoint,
        "database_port": PORT,
        "database_name": DATABASE_NAME,
        "database_username_key": database_questions.DATABASE_USERNAME_KEY.ref,
        "database_username_version": database_questions.DATABASE_USERNAME_VERSION.ref,
        "database_password_key": database_questions.DATABASE_PASSWORD_KEY.ref,
        "database_password_version": database_questions.DATABASE_PASSWORD_VERSION.ref,
        # Where the database never sleeps there is nothing to wait for.
        "federation_patience": stack.choose(
            database_questions.MAY_SLEEP, database_questions.FEDERATION_PATIENCE.ref, "0"
        ),
    }


def _mail_settings(stack: Stack) -> dict[str, str | AWSHelperFn]:
    return {
        "mail_enabled": mail.MAIL_ENABLED.ref,
        "mail_host": Sub("email-smtp.${AWS::Region}.${AWS::URLSuffix}"),
        "mail_domain": mail.MAIL_DOMAIN.ref,
        "mail_sender_address": stack.choose(
            mail.SENDS_MAIL, Sub("${MailSenderAddress}@${MailDomain}"), ""
        ),
        "mail_username_key": mail.MAIL_USERNAME_KEY.ref,
        "mail_username_version": mail.MAIL_USERNAME_VERSION.ref,
        "mail_password_key": mail.MAIL_PASSWORD_KEY.ref,
        "mail_password_version": mail.MAIL_PASSWORD_VERSION.ref,
    }
