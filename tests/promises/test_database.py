"""The database: closed, encrypted, asleep when it may, restored as it was."""

from __future__ import annotations

import json
from typing import Any

from diaspora_cf.generator import ROOT
from diaspora_cf.pages.regions import REGIONS

from ..answers import CHOICES, HOSTED, INSTANCE, MOVED
from .breaking import Mutation, add, answer, change
from .reading import DATABASES, Template, databases, of_type, properties, told_to_the_pod

# Each with whose it is, and the property by which that one names it.
PARAMETER_GROUPS = (
    ("DatabaseParameterGroup", "DatabaseCluster", "DBClusterParameterGroupName"),
    ("DatabaseInstanceParameterGroup", "DatabaseInstance", "DBParameterGroupName"),
)
# Who answers, and the answers that make it: a cluster has no address of its own.
MACHINES = {"DatabaseWriter": HOSTED, "DatabaseInstance": INSTANCE}


def test_the_database_is_encrypted(template: Template) -> None:
    for database in databases(template).values():
        assert database["StorageEncrypted"] is True


def test_the_database_speaks_tls_only(template: Template) -> None:
    for group, database, used in PARAMETER_GROUPS:
        choice = DATABASES[database]
        assert properties(template, group, choice)["Parameters"] == {"rds.force_ssl": "1"}
        assert properties(template, database, choice)[used] == group


def test_the_parameter_group_fits_the_engine(template: Template) -> None:
    for group, database, _ in PARAMETER_GROUPS:
        made = properties(template, database, DATABASES[database])
        family = properties(template, group, DATABASES[database])["Family"]
        assert family == f"{made['Engine']}{made['EngineVersion'].split('.')[0]}"


def test_the_database_listens_where_the_pod_asks_and_the_firewall_lets_it(
    template: Template,
) -> None:
    for title, choice in DATABASES.items():
        listens = properties(template, title, choice)["Port"]
        rule = properties(template, "DatabaseIngressFromPod", choice)
        asks = told_to_the_pod(template, "database_port", choice)
        assert (str(listens), rule["FromPort"], rule["ToPort"]) == (asks, int(asks), int(asks))


def test_the_databases_certificate_is_of_an_authority_that_the_image_believes(
    template: Template,
) -> None:
    believed = (ROOT / "packer/rootfs/usr/share/diaspora/rds-ca.pem").read_text("utf-8")
    for machine, choice in MACHINES.items():
        authority = properties(template, machine, choice)["CACertificateIdentifier"]
        words = authority.removeprefix("rds-ca-").upper().replace("-", " ")
        for region in REGIONS:
            assert f"# Amazon RDS {region} Root CA {words}, until " in believed


def test_no_version_is_run_on_at_a_price_when_its_time_is_over(template: Template) -> None:
    for database in databases(template).values():
        support = database["EngineLifecycleSupport"]
        assert support == "open-source-rds-extended-support-disabled"


def test_the_database_lies_in_private_subnets(template: Template) -> None:
    for machine, choice in MACHINES.items():
        assert properties(template, machine, choice)["PubliclyAccessible"] is False
    for database in databases(template).values():
        assert database["DBSubnetGroupName"] == "DatabaseSubnetGroup"
    subnets = properties(template, "DatabaseSubnetGroup")["SubnetIds"]
    assert subnets == ["PrivateSubnetA", "PrivateSubnetB"]


def test_the_private_subnets_have_no_way_out(template: Template) -> None:
    tables = {
        association["Properties"]["SubnetId"]["Ref"]: association["Properties"]["RouteTableId"]
        for association in of_type(template, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    private = {tables[subnet]["Ref"] for subnet in ("PrivateSubnetA", "PrivateSubnetB")}
    routed = {
        route["Properties"]["RouteTableId"]["Ref"]
        for route in of_type(template, "AWS::EC2::Route").values()
    }
    assert not private & routed


def test_the_database_password_is_a_pinned_reference_and_nothing_else(template: Template) -> None:
    for database in databases(template, {"DatabasePasswordVersion": "7"}).values():
        password = database["MasterUserPassword"]
        assert password == "{{resolve:ssm-secure:/diaspora/database/password:7}}"


def test_the_database_user_is_a_pinned_reference(template: Template) -> None:
    for database in databases(template, {"DatabaseUsernameVersion": "3"}).values():
        assert database["MasterUsername"] == "{{resolve:ssm:/diaspora/database/username:3}}"


def test_secure_references_stand_only_where_cloudformation_takes_them(template: Template) -> None:
    # Both types are among the eleven properties of AWS's list (CloudFormation User Guide, "Dynamic
    # references").
    whole = json.dumps(template)
    passwords = [
        json.dumps(template["Resources"][title]["Properties"]["MasterUserPassword"])
        for title in DATABASES
    ]
    assert [it.count("ssm-secure") for it in passwords] == [1, 1]
    assert whole.count("resolve:ssm-secure") == 2


def test_the_database_may_fall_asleep_after_five_minutes(template: Template) -> None:
    scaling = properties(template, "DatabaseCluster")["ServerlessV2ScalingConfiguration"]
    assert scaling == {"MinCapacity": "0", "MaxCapacity": "1", "SecondsUntilAutoPause": 300}


def test_a_database_that_never_sleeps_is_given_no_pause(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", CHOICES["never asleep"])
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": "0.5", "MaxCapacity": "1"}


def test_nothing_waits_for_a_database_that_never_sleeps(template: Template) -> None:
    patience = {
        label: told_to_the_pod(template, "federation_patience", choice)
        for label, choice in CHOICES.items()
    }
    awake = {"never asleep", "nothing waits", *(it for it in CHOICES if "rds instance" in it)}
    assert {label for label, minutes in patience.items() if minutes == "0"} == awake
    assert {patience[label] for label in set(CHOICES) - awake} == {"240"}


def test_a_restore_takes_user_and_data_from_the_snapshot(template: Template) -> None:
    restored = databases(template, MOVED)
    assert restored["DatabaseCluster"]["SnapshotIdentifier"] == "pod-before-move"
    assert restored["DatabaseInstance"]["DBSnapshotIdentifier"] == "pod-before-move"
    for database in restored.values():
        assert not {"MasterUsername", "DatabaseName", "DBName", "StorageEncrypted"} & set(database)
        assert "MasterUserPassword" in database


def test_a_first_creation_is_no_restore(template: Template) -> None:
    for database in databases(template).values():
        assert not {"SnapshotIdentifier", "DBSnapshotIdentifier"} & set(database)


def test_backups_are_kept_for_a_week(template: Template) -> None:
    for database in databases(template).values():
        assert database["BackupRetentionPeriod"] == "7"


def test_deletion_protection_is_off_at_first_so_that_a_failed_creation_can_be_undone(
    template: Template,
) -> None:
    for database in databases(template).values():
        assert database["DeletionProtection"] == "false"


def test_deletion_protection_is_what_was_answered(template: Template) -> None:
    for database in databases(template, {"DatabaseDeletionProtection": "true"}).values():
        assert database["DeletionProtection"] == "true"


_NO_VALUE = {"Ref": "AWS::NoValue"}


def unless_restored(value: Any) -> dict[str, Any]:
    return {"Fn::If": ["Restores", _NO_VALUE, value]}


MUTATIONS: dict[str, Mutation] = {
    "the_database_is_encrypted": change(
        "DatabaseCluster", "StorageEncrypted", to=unless_restored(False)
    ),
    "the_database_speaks_tls_only": change(
        "DatabaseParameterGroup", "Parameters", "rds.force_ssl", to="0"
    ),
    "the_parameter_group_fits_the_engine": change(
        "DatabaseParameterGroup", "Family", to="aurora-postgresql16"
    ),
    "the_database_listens_where_the_pod_asks_and_the_firewall_lets_it": lambda template: template[
        "Resources"
    ]["DatabaseCluster"]["Properties"].pop("Port"),
    "the_databases_certificate_is_of_an_authority_that_the_image_believes": change(
        "DatabaseWriter", "CACertificateIdentifier", to="rds-ca-rsa2048-g2"
    ),
    "no_version_is_run_on_at_a_price_when_its_time_is_over": change(
        "DatabaseCluster", "EngineLifecycleSupport", to="open-source-rds-extended-support"
    ),
    "the_database_lies_in_private_subnets": change("DatabaseWriter", "PubliclyAccessible", to=True),
    "the_private_subnets_have_no_way_out": add(
        "PrivateRoute",
        {
            "Type": "AWS::EC2::Route",
            "Properties": {
                "RouteTableId": {"Ref": "PrivateRouteTable"},
                "DestinationCidrBlock": "0.0.0.0/0",
                "GatewayId": {"Ref": "InternetGateway"},
            },
        },
    ),
    "the_database_password_is_a_pinned_reference_and_nothing_else": change(
        "DatabaseCluster",
        "MasterUserPassword",
        to={"Fn::Sub": "{{resolve:ssm-secure:${DatabasePasswordKey}}}"},
    ),
    "the_database_user_is_a_pinned_reference": change(
        "DatabaseCluster",
        "MasterUsername",
        to=unless_restored({"Fn::Sub": "{{resolve:ssm:${DatabaseUsernameKey}}}"}),
    ),
    "secure_references_stand_only_where_cloudformation_takes_them": lambda template: template[
        "Outputs"
    ].__setitem__("Leak", {"Value": "{{resolve:ssm-secure:/diaspora/database/password:1}}"}),
    "the_database_may_fall_asleep_after_five_minutes": change(
        "DatabaseCluster",
        "ServerlessV2ScalingConfiguration",
        "SecondsUntilAutoPause",
        to={"Fn::If": ["MaySleep", 3600, _NO_VALUE]},
    ),
    "a_database_that_never_sleeps_is_given_no_pause": change(
        "DatabaseCluster", "ServerlessV2ScalingConfiguration", "SecondsUntilAutoPause", to=300
    ),
    "nothing_waits_for_a_database_that_never_sleeps": lambda template: template["Conditions"][
        "MaySleep"
    ]["Fn::And"].pop(0),
    "a_restore_takes_user_and_data_from_the_snapshot": change(
        "DatabaseCluster", "DatabaseName", to="diaspora_production"
    ),
    "a_first_creation_is_no_restore": change(
        "DatabaseCluster", "SnapshotIdentifier", to={"Ref": "DatabaseSnapshot"}
    ),
    "backups_are_kept_for_a_week": answer("BackupRetentionDays", "1"),
    "deletion_protection_is_off_at_first_so_that_a_failed_creation_can_be_undone": answer(
        "DatabaseDeletionProtection", "true"
    ),
    "deletion_protection_is_what_was_answered": change(
        "DatabaseInstance", "DeletionProtection", to="false"
    ),
}
