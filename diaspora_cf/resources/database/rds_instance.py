"""An ordinary RDS instance of PostgreSQL, which is always there at the same price.

What is unlike a cluster's was read in CloudFormation's own handler
(aws-cloudformation-resource-providers-rds: Translator, CreateHandler of the DBInstance).
"""

from __future__ import annotations

from troposphere import GetAtt, Ref, rds

from ...parameters.database import (
    DATABASE_INSTANCE_CLASS,
    DATABASE_SNAPSHOT,
    RESTORES,
    USES_INSTANCE,
)
from ...template.stack import Stack
from .postgresql import (
    AUTHORITY,
    DATABASE_NAME,
    PORT,
    TLS_OR_NOTHING,
    Place,
    Server,
    keeping,
    unless_restored,
)

ENGINE = "postgres"
# Where it starts; RDS goes on from there by itself. A later one here must not be older than what
# runs somewhere already: RDS refuses to go back, and the update fails.
ENGINE_VERSION = "17.11"
PARAMETER_GROUP_FAMILY = "postgres17"
# The least that RDS takes, and how far it may grow by itself before a person has to look.
DISK_GB = 20
MOST_DISK_GB = 100


def add_instance(stack: Stack, place: Place, guard: str) -> Server:
    """Add the instance, after its guard; returns who answers."""
    parameters = stack.add(
        rds.DBParameterGroup(
            "DatabaseInstanceParameterGroup",
            Condition=stack.when(USES_INSTANCE),
            Description="TLS or nothing",
            Family=PARAMETER_GROUP_FAMILY,
            Parameters=TLS_OR_NOTHING,
        )
    )
    instance = stack.add(
        rds.DBInstance(
            "DatabaseInstance",
            Condition=stack.when(USES_INSTANCE),
            DependsOn=guard,
            Engine=ENGINE,
            # A restore keeps the snapshot's: the handler sends ours afterwards, and an older one
            # than RDS has gone on to is refused.
            EngineVersion=unless_restored(stack, ENGINE_VERSION),
            # By the community's rules a minor version brings fixes only, in the same files.
            AutoMinorVersionUpgrade=True,
            DBInstanceClass=DATABASE_INSTANCE_CLASS.ref,
            Port=PORT,
            DBSnapshotIdentifier=stack.choose(RESTORES, DATABASE_SNAPSHOT.ref),
            DBName=unless_restored(stack, DATABASE_NAME),
            **keeping(stack),
            StorageType="gp3",
            # A restore takes the snapshot's, which may have grown: less is refused.
            AllocatedStorage=unless_restored(stack, str(DISK_GB)),
            MaxAllocatedStorage=MOST_DISK_GB,
            MultiAZ=False,
            AvailabilityZone=place.zone,
            CACertificateIdentifier=AUTHORITY,
            PubliclyAccessible=False,
            DBSubnetGroupName=place.subnets,
            DBParameterGroupName=Ref(parameters),
            VPCSecurityGroups=[place.security_group],
        )
    )
    return Server(Ref(instance), GetAtt(instance, "Endpoint.Address"))
