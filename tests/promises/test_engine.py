"""The database's engine: one that can sleep, or one that is always there, and how each begins."""

from __future__ import annotations

import re

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from ..answers import CHOICES, HOSTED, INSTANCE, MOVED
from .breaking import Mutation, change, resource, unguard
from .reading import DATABASES, EVERYTHING, Template, databases, needed_by, properties, rendered

GUARD = "DatabaseForLife"
# Each would start with a new, empty database.
EMPTYING = (
    {"DatabaseKind": "rds-instance"},
    {"DatabaseUsernameKey": "/another/user"},
    {"DatabaseUsernameVersion": "2"},
    {"DatabaseSnapshot": "pod-before-move"},
)


def test_cluster_and_writer_run_the_same_serverless_postgresql(template: Template) -> None:
    cluster, writer = (properties(template, it) for it in ("DatabaseCluster", "DatabaseWriter"))
    assert cluster["Engine"] == writer["Engine"] == "aurora-postgresql"
    assert writer["DBClusterIdentifier"] == "DatabaseCluster"
    # The class whose capacity is counted by use.
    assert writer["DBInstanceClass"] == "db.serverless"


def test_an_instance_is_a_plain_postgresql_of_the_class_that_was_chosen(template: Template) -> None:
    for choice, kind in ((INSTANCE, "micro"), (CHOICES["large rds instance"], "medium")):
        instance = properties(template, "DatabaseInstance", choice)
        assert (instance["Engine"], instance["DBInstanceClass"]) == ("postgres", f"db.t4g.{kind}")
        # A member of a cluster would be no instance of its own.
        assert "DBClusterIdentifier" not in instance


def test_the_engine_is_a_version_that_is_supported_for_long_and_is_not_changed_unasked(
    template: Template,
) -> None:
    # AWS's release calendar: patched until February 2030. To choose another, look there first.
    assert properties(template, "DatabaseCluster")["EngineVersion"] == "17.7"
    assert properties(template, "DatabaseWriter")["AutoMinorVersionUpgrade"] is False


def test_an_instance_is_mended_by_itself_because_no_version_of_its_engine_is_supported_for_long(
    template: Template,
) -> None:
    instance = properties(template, "DatabaseInstance", INSTANCE)
    assert instance["AutoMinorVersionUpgrade"] is True
    # Both kinds speak the same PostgreSQL: what one wrote out, the other reads.
    versions = {it["EngineVersion"].split(".")[0] for it in databases(template).values()}
    assert versions == {"17"}
    # The newest that cfn-lint knows; never an older one than a running instance may have.
    assert instance["EngineVersion"] == "17.11"


def test_an_instances_disk_is_fast_and_small_and_grows_up_to_a_bound(template: Template) -> None:
    instance = properties(template, "DatabaseInstance", INSTANCE)
    assert instance["StorageType"] == "gp3"
    # The least that RDS takes for gp3 (RDS User Guide, "Amazon RDS DB instance storage").
    assert (instance["AllocatedStorage"], instance["MaxAllocatedStorage"]) == ("20", 100)


def test_a_restored_instance_keeps_what_it_may_have_grown_into(template: Template) -> None:
    # An older version or a smaller disk than the snapshot's is refused.
    restored = properties(template, "DatabaseInstance", {**INSTANCE, **MOVED})
    assert not {"EngineVersion", "AllocatedStorage"} & set(restored)


def test_a_stack_has_one_database_of_the_kind_that_was_chosen(template: Template) -> None:
    cluster = {"DatabaseCluster", "DatabaseWriter", "DatabaseParameterGroup"}
    instance = {"DatabaseInstance", "DatabaseInstanceParameterGroup"}
    for choice in (*CHOICES.values(), EVERYTHING):
        made = rendered(template, choice)
        chosen = instance if made.parameters["DatabaseKind"] == "rds-instance" else cluster
        assert set(made.resources) & (cluster | instance) == chosen


def test_answers_that_would_make_an_empty_database_are_refused_before_anything_is_made(
    template: Template,
) -> None:
    """By what AWS documents, not tried there: a resource that was given a name is not replaced
    (CloudFormation User Guide, "Name type"), and no two security groups of a VPC have one name
    (EC2 API Reference, CreateSecurityGroup).
    """
    guards = [properties(template, GUARD, {**HOSTED, **answer}) for answer in ({}, *EMPTYING)]
    assert len({guard["GroupDescription"] for guard in guards}) == len(guards)
    assert len({(guard["GroupName"], guard["VpcId"]) for guard in guards}) == 1
    described = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", "AWS::EC2::SecurityGroup")
    assert "/properties/GroupDescription" in described.schema["createOnlyProperties"]
    # Neither a database nor the pod's new machine is begun before it.
    for database, choice in DATABASES.items():
        assert GUARD in needed_by(template, database, choice)
        assert database in needed_by(template, "PodLaunchTemplate", choice)


def test_what_guards_the_database_stays_as_it_is_and_is_what_ec2_takes(template: Template) -> None:
    # In other words, with the same answers, every pod's next update would fail.
    usual, restored = (
        properties(template, GUARD, choice) for choice in (HOSTED, longest(template))
    )
    assert usual["GroupName"] == "The database of this stack is for life"
    assert usual["GroupDescription"] == "aurora-serverless new /diaspora/database/username:1"
    assert restored["GroupDescription"] == f"aurora-serverless restored /{199 * 'k'}:999999"
    for words in (restored["GroupName"], restored["GroupDescription"]):
        assert re.fullmatch(r"(?!sg-)[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}", words)


def longest(template: Template) -> dict[str, str]:
    """Answers that take most room in the guard's description."""
    room = template["Parameters"]["DatabaseUsernameKey"]["MaxLength"]
    user = {"DatabaseUsernameKey": f"/{(room - 1) * 'k'}", "DatabaseUsernameVersion": "999999"}
    return {**HOSTED, **MOVED, **user}


def test_a_snapshot_and_nothing_else_makes_a_restore(template: Template) -> None:
    for choice in (*CHOICES.values(), EVERYTHING):
        made = rendered(template, choice).resources
        database = next(made[title]["Properties"] for title in DATABASES if title in made)
        snapshot = database.get("SnapshotIdentifier", database.get("DBSnapshotIdentifier"))
        assert snapshot == choice.get("DatabaseSnapshot")
        begun = {"DatabaseName", "DBName", "MasterUsername", "StorageEncrypted"} & set(database)
        assert len(begun) == (0 if "DatabaseSnapshot" in choice else 3)


def test_a_snapshot_says_whose_it_is(template: Template) -> None:
    for database in databases(template).values():
        assert database["CopyTagsToSnapshot"] is True


MUTATIONS: dict[str, Mutation] = {
    "cluster_and_writer_run_the_same_serverless_postgresql": change(
        "DatabaseWriter", "DBInstanceClass", to="db.t4g.medium"
    ),
    "an_instance_is_a_plain_postgresql_of_the_class_that_was_chosen": change(
        "DatabaseInstance", "DBInstanceClass", to="db.t4g.micro"
    ),
    "the_engine_is_a_version_that_is_supported_for_long_and_is_not_changed_unasked": change(
        "DatabaseWriter", "AutoMinorVersionUpgrade", to=True
    ),
    "an_instance_is_mended_by_itself_because_no_version_of_its_engine_is_supported_for_long": (
        change("DatabaseInstance", "AutoMinorVersionUpgrade", to=False)
    ),
    "an_instances_disk_is_fast_and_small_and_grows_up_to_a_bound": lambda template: resource(
        template, "DatabaseInstance"
    )["Properties"].pop("MaxAllocatedStorage"),
    "a_restored_instance_keeps_what_it_may_have_grown_into": change(
        "DatabaseInstance", "AllocatedStorage", to="20"
    ),
    "a_stack_has_one_database_of_the_kind_that_was_chosen": unguard("DatabaseInstance"),
    "answers_that_would_make_an_empty_database_are_refused_before_anything_is_made": change(
        "DatabaseForLife", "GroupName", to={"Ref": "DatabaseKind"}
    ),
    "what_guards_the_database_stays_as_it_is_and_is_what_ec2_takes": change(
        "DatabaseForLife", "GroupDescription", to={"Fn::Sub": "${DatabaseKind}: ${PodName}"}
    ),
    "a_snapshot_and_nothing_else_makes_a_restore": change(
        "DatabaseCluster", "SnapshotIdentifier", "Fn::If", 0, to="KeepsBucket"
    ),
    "a_snapshot_says_whose_it_is": change("DatabaseCluster", "CopyTagsToSnapshot", to=False),
}
