"""The database sleeps, vanishes, is somebody else's, or has seen the future."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .aws import Aws
from .patience import until
from .pod import Pods

MIGRATIONS = {"0", "20160829170244", "20230604015559"}
OF_A_LATER_IMAGE = "20990101000000"


def test_a_database_that_sleeps_for_35_seconds_is_waited_for(pods: Pods, aws: Aws) -> None:
    aws.database.sleep(wake_after=35)
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    assert pod.front.get("/people").status == 200
    assert _versions(aws) == MIGRATIONS


def test_pages_that_wait_for_the_database_leave_room_for_others(pods: Pods, aws: Aws) -> None:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    aws.database.sleep(wake_after=20)
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(pod.front.get, "/people") for _ in range(6)]
        time.sleep(1)
        others = {page: pod.front.get(page) for page in ("/", "/.well-known/nodeinfo")}
        answers = [task.result() for task in asked]
    for page, answer in others.items():
        pod.machine.say(f"{page} took {answer.seconds:.1f} s beside six that waited")
        assert answer.status == 200
    for answer in answers:
        assert (answer.status, answer.headers["retry-after"]) == (503, "10")
        assert "is waking up" in answer.text
    until(lambda: pod.front.get("/people").status == 200)


@pytest.mark.parametrize("authority", ["nobody", None], ids=["of another authority", "none"])
def test_a_database_whose_certificate_is(pods: Pods, aws: Aws, authority: str | None) -> None:
    aws.database.certificate_of(authority)
    pod = pods.launch()
    signal = pod.wait_for_signal()
    assert (signal.status, signal.step) == ("FAILURE", "database")
    why = aws.logs.text(pod.settings["log_group"], pod.instance_id)
    assert ("certificate" if authority else "SSL") in why
    assert pod.front.get("/people").status == 503


def test_a_database_that_refuses_the_password_ends_the_boot(pods: Pods, aws: Aws) -> None:
    aws.database.refuse_password()
    signal = pods.launch().wait_for_signal()
    assert (signal.status, signal.step) == ("FAILURE", "database")


def test_a_schema_of_which_the_image_knows_only_other_parts_ends_the_boot_untouched(
    pods: Pods, aws: Aws
) -> None:
    """What is newer and nothing else, test_rollback tells."""
    _make_schema(aws, "0", OF_A_LATER_IMAGE)
    pod = pods.launch()
    signal = pod.wait_for_signal()
    assert (signal.status, signal.step) == ("FAILURE", "schema-newer")
    assert OF_A_LATER_IMAGE in aws.logs.text(pod.settings["log_group"], pod.instance_id)
    assert _versions(aws) == {"0", OF_A_LATER_IMAGE}


def test_an_older_schema_is_migrated_and_the_time_before_is_told(pods: Pods, aws: Aws) -> None:
    _make_schema(aws, "0")
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    assert _versions(aws) == MIGRATIONS
    assert "restore point: 20" in aws.logs.text(pod.settings["log_group"], pod.instance_id)


def test_two_pods_at_once_migrate_once_and_both_serve(pods: Pods, aws: Aws) -> None:
    first, second = pods.launch("first"), pods.launch("second")
    assert first.wait_for_signal().status == "SUCCESS"
    assert second.wait_for_signal().status == "SUCCESS"
    assert _versions(aws) == MIGRATIONS
    ran = [
        pod for pod in (first, second) if "migrated (" in pod.machine.journal("diaspora-migrate")
    ]
    assert len(ran) == 1


def _versions(aws: Aws) -> set[str]:
    return set(aws.database.psql("SELECT version FROM schema_migrations").split())


def _make_schema(aws: Aws, *versions: str) -> None:
    """What the first migration makes, by the pod's own user; the database has seen the versions."""
    seen = ", ".join(f"('{version}')" for version in versions)
    user = aws.ssm.get("/diaspora/database/username")
    aws.database.psql(
        f"""
        SET ROLE "{user}";
        CREATE TABLE notes (id bigserial PRIMARY KEY, body text);
        CREATE TABLE photos (id bigserial PRIMARY KEY, name text);
        CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
        INSERT INTO schema_migrations VALUES {seen};
        """
    )
