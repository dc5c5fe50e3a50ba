"""The database: closed, encrypted, asleep when it may, restored as it was."""

from __future__ import annotations

import json
from typing import Any

from diaspora_cf.generator import ROOT
from diaspora_cf.regions import REGIONS

from ..answers import CHOICES, HOSTED
from .breaking import Mutation, add, answer, change
from .reading import Template, of_type, properties, told_to_the_pod


def test_the_database_is_encrypted(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["StorageEncrypted"] is True


def test_the_database_speaks_tls_only(template: Template) -> None:
    group = properties(template, "DatabaseParameterGroup")
    assert group["Parameters"] == {"rds.force_ssl": "1"}
    used = properties(template, "DatabaseCluster")["DBClusterParameterGroupName"]
    assert used == "DatabaseParameterGroup"


def test_the_parameter_group_fits_the_engine(template: Template) -> None:
    version = properties(template, "DatabaseCluster")["EngineVersion"]
    family = properties(template, "DatabaseParameterGroup")["Family"]
    assert family == f"aurora-postgresql{version.split('.')[0]}"


def test_the_database_listens_where_the_pod_asks_and_the_firewall_lets_it(
    template: Template,
) -> None:
    listens = properties(template, "DatabaseCluster")["Port"]
    rule = properties(template, "DatabaseIngressFromPod")
    asks = told_to_the_pod(template, "database_port")
    assert (str(listens), rule["FromPort"], rule["ToPort"]) == (asks, int(asks), int(asks))


def test_the_databases_certificate_is_of_an_authority_that_the_image_believes(
    template: Template,
) -> None:
    authority = properties(template, "DatabaseWriter")["CACertificateIdentifier"]
    believed = (ROOT / "packer/rootfs/usr/share/diaspora/rds-ca.pem").read_text("utf-8")
    words = authority.removeprefix("rds-ca-").upper().replace("-", " ")
    for region in REGIONS:
        assert f"# Amazon RDS {region} Root CA {words}, until " in believed


def test_no_version_is_run_on_at_a_price_when_its_time_is_over(template: Template) -> None:
    support = properties(template, "DatabaseCluster")["EngineLifecycleSupport"]
    assert support == "open-source-rds-extended-support-disabled"


def test_the_database_lies_in_private_subnets(template: Template) -> None:
    assert properties(template, "DatabaseWriter")["PubliclyAccessible"] is False
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
    cluster = properties(template, "DatabaseCluster", {**HOSTED, "DatabasePasswordVersion": "7"})
    assert cluster["MasterUserPassword"] == "{{resolve:ssm-secure:/diaspora/database/password:7}}"


def test_the_database_user_is_a_pinned_reference(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", {**HOSTED, "DatabaseUsernameVersion": "3"})
    assert cluster["MasterUsername"] == "{{resolve:ssm:/diaspora/database/username:3}}"


def test_secure_references_stand_only_where_cloudformation_takes_them(template: Template) -> None:
    whole = json.dumps(template)
    cluster = template["Resources"]["DatabaseCluster"]["Properties"]["MasterUserPassword"]
    assert whole.count("resolve:ssm-secure") == json.dumps(cluster).count("ssm-secure") == 1


def test_the_database_may_fall_asleep_after_five_minutes(template: Template) -> None:
    scaling = properties(template, "DatabaseCluster")["ServerlessV2ScalingConfiguration"]
    assert scaling == {"MinCapacity": "0", "MaxCapacity": "1", "SecondsUntilAutoPause": 300}


def test_a_database_that_never_sleeps_is_given_no_pause(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", CHOICES["never asleep"])
    assert cluster["ServerlessV2ScalingConfiguration"] == {"MinCapacity": "0.5", "MaxCapacity": "1"}


def test_a_restore_takes_user_and_data_from_the_snapshot(template: Template) -> None:
    cluster = properties(template, "DatabaseCluster", CHOICES["restore"])
    assert cluster["SnapshotIdentifier"] == "pod-before-move"
    assert not {"MasterUsername", "DatabaseName", "StorageEncrypted"} & set(cluster)
    assert "MasterUserPassword" in cluster


def test_a_first_creation_is_no_restore(template: Template) -> None:
    assert "SnapshotIdentifier" not in properties(template, "DatabaseCluster")


def test_backups_are_kept_for_a_week(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["BackupRetentionPeriod"] == "7"


def test_deletion_protection_is_off_at_first_so_that_a_failed_creation_can_be_undone(
    template: Template,
) -> None:
    assert properties(template, "DatabaseCluster")["DeletionProtection"] == "false"


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
}
