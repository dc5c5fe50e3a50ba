"""What was once a pod stays one: through a reboot, a crash, and user data that runs twice."""

from __future__ import annotations

from .aws import Aws
from .patience import until
from .pod import Pod, Pods

ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def test_a_reboot_brings_the_pod_back_without_a_signal_and_without_rails(
    pods: Pods, aws: Aws
) -> None:
    pod = _launched(pods)
    before = pod.front.get("/settings").json()
    pod.machine.reboot()
    _assert_back(pod)
    assert pod.front.get("/settings").json() == before
    assert len(aws.signals) == 1
    assert "migrations to do" not in pod.machine.journal("diaspora-migrate")


def test_a_crash_takes_what_was_not_synced(pods: Pods) -> None:
    """Without that, the next promise would prove nothing of Redis."""
    pod = _launched(pods)
    pod.machine.succeed("echo kept > /var/lib/synced && sync")
    pod.machine.succeed("echo kept > /var/lib/not-synced")
    pod.machine.crash()
    assert (pod.machine.root / "var/lib/synced").read_text() == "kept\n"
    lost = pod.machine.root / "var/lib/not-synced"
    assert not lost.exists() or lost.read_text() == ""


def test_jobs_outlive_a_crash_of_the_machine(pods: Pods, aws: Aws) -> None:
    pod = _launched(pods)
    pod.machine.systemctl("stop diaspora-sidekiq")
    assert pod.front.post("/receive/public", b"xml=kept", headers=ENCODED).status == 202
    # Redis writes its file every second.
    pod.machine.succeed("sleep 2")
    pod.machine.crash()
    pod.machine.start()
    _assert_back(pod)
    until(lambda: pod.front.get("/received").json()["received"] == ["kept"])
    assert len(aws.signals) == 1


def test_a_redis_that_is_stopped_and_started_takes_nobody_along(pods: Pods) -> None:
    """As an update of its package does."""
    pod = _launched(pods)
    pod.machine.systemctl("stop redis-server")
    assert pod.front.get("/people").status == 200
    pod.machine.systemctl("start redis-server")
    until(lambda: pod.front.post("/receive/public", b"xml=late", headers=ENCODED).status == 202)
    until(lambda: pod.front.get("/received").json()["received"] == ["late"])


def test_a_reboot_shows_a_page_whatever_the_boot_waits_for(pods: Pods, aws: Aws) -> None:
    pod = _launched(pods)
    aws.down("ssm")
    pod.machine.reboot()
    pod.machine.wait_for_unit("nginx")
    answer = pod.front.get("/")
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert "is waking up" in answer.text
    assert pod.machine.unit("diaspora-prepare")["ActiveState"] == "activating"
    aws.up("ssm")
    _assert_back(pod)


def test_jobs_begin_though_a_page_is_never_warm(pods: Pods) -> None:
    pod = _launched(pods)
    routes = pod.machine.root / "opt/diaspora/config/routes.rb"
    routes.write_text(routes.read_text().replace('"users/sign_in"', '"users/planted"'))
    pod.machine.reboot()
    pod.machine.wait_for_unit("diaspora-sidekiq")
    assert pod.machine.unit("diaspora-warm")["ActiveState"] != "active"


def test_user_data_that_runs_twice_changes_nothing(pods: Pods, aws: Aws) -> None:
    pod = _launched(pods)
    web = pod.machine.unit("diaspora-web")["MainPID"]
    before = pod.front.get("/settings").json()
    pod.run_user_data_again()
    assert pod.front.get("/settings").json() == before
    assert pod.machine.unit("diaspora-web")["MainPID"] == web
    assert len(aws.signals) == 1


def test_an_image_made_of_a_running_pod_signals_for_its_new_machine(pods: Pods, aws: Aws) -> None:
    """Its marker names another instance."""
    pod = pods.prepare()
    marker = pod.machine.root / "var/lib/diaspora-boot/signalled"
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text("i-0123456789abcdef9\n")
    pod.machine.start()
    signal = pod.wait_for_signal()
    assert (signal.status, signal.unique_id) == ("SUCCESS", pod.instance_id)


def test_an_image_that_was_told_nothing_boots_quietly(pods: Pods, aws: Aws) -> None:
    machine = pods.bare()
    machine.wait_until_succeeds("systemctl is-system-running --wait", 120)
    assert machine.succeed("systemctl list-units --failed --plain --no-legend").strip() == ""
    machine.fail("ss --no-header --listening --tcp 'sport != :22' | grep .")
    assert aws.signals == []
    assert aws.calls == []


def _launched(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod


def _assert_back(pod: Pod) -> None:
    pod.machine.wait_for_unit("diaspora-sidekiq")
    pod.machine.wait_for_unit("nginx")
    assert pod.front.get("/people").status == 200
