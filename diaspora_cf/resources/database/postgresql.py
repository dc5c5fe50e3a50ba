"""What every kind of database here has in common: PostgreSQL, closed in, made of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSHelperFn, GetAtt, NoValue, Ref, Sub

from ...parameters.database import (
    BACKUP_RETENTION_DAYS,
    DATABASE_DELETION_PROTECTION,
    DATABASE_PASSWORD_KEY,
    DATABASE_PASSWORD_VERSION,
    DATABASE_USERNAME_KEY,
    DATABASE_USERNAME_VERSION,
    RESTORES,
)
from ...template.stack import Stack

DATABASE_NAME = "diaspora_production"
# Said to the database too: CloudFormation's handler gives a cluster without one 3306, PostgreSQL's
# included (aws-cloudformation-resource-providers-rds, ModelAdapter of the DBCluster).
PORT = "5432"
# Of the authorities that the image believes; by default it is the one that the account has chosen.
AUTHORITY = "rds-ca-rsa2048-g1"
# Nothing that is not encrypted gets in; by default that is so for some engines and versions only.
TLS_OR_NOTHING = {"rds.force_ssl": "1"}


@dataclass(frozen=True)
class Place:
    """Where a database stands: its zone, its subnets, and the security group that it wears."""

    zone: AWSHelperFn
    subnets: Ref
    security_group: Ref


@dataclass(frozen=True)
class Server:
    """The machine that answers, and the name under which it is asked."""

    machine: Ref
    endpoint: GetAtt


def keeping(stack: Stack) -> dict[str, Any]:
    """Everything that keeps the data, under the names that cluster and instance share.

    The secrets' versions are pinned: an unpinned one would change under the stack's feet, at
    whichever update comes next. A restored database takes user and encryption from its snapshot,
    and the password from here, in a second step.
    """
    return {
        "DeletionPolicy": "Snapshot",
        "UpdateReplacePolicy": "Snapshot",
        "DeletionProtection": DATABASE_DELETION_PROTECTION.ref,
        "BackupRetentionPeriod": BACKUP_RETENTION_DAYS.ref,
        "CopyTagsToSnapshot": True,
        "StorageEncrypted": unless_restored(stack, True),
        "MasterUsername": unless_restored(
            stack, _resolve("ssm", DATABASE_USERNAME_KEY.name, DATABASE_USERNAME_VERSION.name)
        ),
        "MasterUserPassword": _resolve(
            "ssm-secure", DATABASE_PASSWORD_KEY.name, DATABASE_PASSWORD_VERSION.name
        ),
        # By default a version whose time is over goes on at a price.
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
    }


def unless_restored(stack: Stack, value: Any) -> AWSHelperFn:
    """What a snapshot brings along, and must not be given beside it."""
    return stack.choose(RESTORES, NoValue, value)


def _resolve(service: str, key: str, version: str) -> Sub:
    return Sub(f"{{{{resolve:{service}:${{{key}}}:${{{version}}}}}}}")
