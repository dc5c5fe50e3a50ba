"""The database's engine: one that can sleep, of one kind in cluster and writer."""

from __future__ import annotations

from ..answers import CHOICES
from .breaking import Mutation, change
from .reading import EVERYTHING, Template, properties


def test_cluster_and_writer_run_the_same_serverless_postgresql(template: Template) -> None:
    cluster, writer = (properties(template, it) for it in ("DatabaseCluster", "DatabaseWriter"))
    assert cluster["Engine"] == writer["Engine"] == "aurora-postgresql"
    assert writer["DBClusterIdentifier"] == "DatabaseCluster"
    # The class whose capacity is counted by use.
    assert writer["DBInstanceClass"] == "db.serverless"


def test_the_engine_is_a_version_that_is_supported_for_long_and_is_not_changed_unasked(
    template: Template,
) -> None:
    # AWS's release calendar: patched until February 2030. To choose another, look there first.
    assert properties(template, "DatabaseCluster")["EngineVersion"] == "17.7"
    assert properties(template, "DatabaseWriter")["AutoMinorVersionUpgrade"] is False


def test_the_cluster_stands_in_the_subnets_that_were_made_for_it(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["DBSubnetGroupName"] == "DatabaseSubnetGroup"


def test_a_snapshot_and_nothing_else_makes_a_restore(template: Template) -> None:
    for choice in (*CHOICES.values(), EVERYTHING):
        cluster = properties(template, "DatabaseCluster", choice)
        assert cluster.get("SnapshotIdentifier") == choice.get("DatabaseSnapshot")
        made = {"DatabaseName", "MasterUsername", "StorageEncrypted"} & set(cluster)
        assert len(made) == (0 if "DatabaseSnapshot" in choice else 3)


def test_a_snapshot_says_whose_it_is(template: Template) -> None:
    assert properties(template, "DatabaseCluster")["CopyTagsToSnapshot"] is True


MUTATIONS: dict[str, Mutation] = {
    "cluster_and_writer_run_the_same_serverless_postgresql": change(
        "DatabaseWriter", "DBInstanceClass", to="db.t4g.medium"
    ),
    "the_engine_is_a_version_that_is_supported_for_long_and_is_not_changed_unasked": change(
        "DatabaseWriter", "AutoMinorVersionUpgrade", to=True
    ),
    "the_cluster_stands_in_the_subnets_that_were_made_for_it": change(
        "DatabaseCluster", "DBSubnetGroupName", to="default"
    ),
    "a_snapshot_and_nothing_else_makes_a_restore": change(
        "DatabaseCluster", "SnapshotIdentifier", "Fn::If", 0, to="KeepsBucket"
    ),
    "a_snapshot_says_whose_it_is": change("DatabaseCluster", "CopyTagsToSnapshot", to=False),
}
