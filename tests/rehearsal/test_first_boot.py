"""A pod that was told its settings boots by itself, and is closed where it should be.

All stories here look at one and the same pod.
"""

from __future__ import annotations

import re

import pytest

from .pod import Pod

WATCHER = "diaspora-signal.service"
METADATA = "169.254.169.254"
TIME = "169.254.169.123"
NAMES = "169.254.169.253"


def test_the_first_boot_signals_success_with_the_instances_id(pod: Pod) -> None:
    signal = pod.wait_for_signal()
    assert (signal.status, signal.unique_id) == ("SUCCESS", pod.instance_id)


def test_a_first_boot_signals_once(pod: Pod) -> None:
    assert len(pod.aws.signals) == 1


def test_the_log_was_shipped_before_the_signal(pod: Pod) -> None:
    actions = [call.action for call in pod.aws.calls]
    assert "PutLogEvents" in actions
    assert actions.index("PutLogEvents") < actions.index("SignalResource")


def test_the_log_tells_of_the_migration(pod: Pod) -> None:
    assert "migration" in pod.aws.logs.text(pod.settings["log_group"], pod.instance_id)


def test_every_unit_of_the_pod_is_up(pod: Pod) -> None:
    units = _units(pod)
    assert len(units) >= 9
    states = {unit: pod.machine.unit(unit)["ActiveState"] for unit in units if unit != WATCHER}
    assert set(states.values()) == {"active"}, states
    assert pod.machine.unit(WATCHER)["Result"] == "success"


def test_no_unit_failed_and_none_was_restarted(pod: Pod) -> None:
    assert pod.machine.succeed("systemctl list-units --failed --plain --no-legend").strip() == ""
    restarts = {unit: pod.machine.unit(unit).get("NRestarts", "0") for unit in _units(pod)}
    assert set(restarts.values()) == {"0"}, restarts


def test_only_nginx_and_sshd_listen_on_the_network(pod: Pod) -> None:
    """sshd is for Instance Connect; who reaches it is the security group's business."""
    listening = "ss --no-header --listening --tcp --udp --numeric --processes"
    outward = set()
    for line in pod.machine.succeed(listening).splitlines():
        protocol, _, _, _, local, _, users = line.split(maxsplit=6)
        address, _, port = local.rpartition(":")
        if address not in ("127.0.0.1", "[::1]"):
            outward.add((protocol, port, users.split('"')[1]))
    assert outward == {("tcp", "80", "nginx"), ("tcp", "22", "sshd")}


def test_the_application_can_write_no_code(pod: Pod) -> None:
    kept = ("tmp", "log", "public/uploads/tmp", "public/uploads/images", "public/uploads/users")
    folders = tuple(f"/opt/diaspora/{name}" for name in kept)
    find = "runuser -u diaspora -- find /opt/diaspora -writable -not -type l"
    writable = pod.machine.run(find)[1].splitlines()
    assert set(folders) <= set(writable)
    assert [path for path in writable if not path.startswith((*folders, "find:"))] == []


def test_the_applications_user_can_neither_log_in_nor_become_root(pod: Pod) -> None:
    assert pod.machine.succeed("getent passwd diaspora").strip().endswith("/nologin")
    assert pod.machine.succeed("passwd --status diaspora").split()[1].startswith("L")
    pod.machine.fail("runuser -u diaspora -- sudo --non-interactive true")


@pytest.mark.parametrize("user", ["diaspora", "www-data"])
def test_the_metadata_service_answers_root_but_not(pod: Pod, user: str) -> None:
    ask = (
        "curl --silent --show-error --fail --max-time 5 --request PUT "
        f"--header 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://{METADATA}/latest/api/token"
    )
    assert pod.machine.succeed(ask)
    pod.machine.fail(f"runuser -u {user} -- {ask}")


def test_the_packages_own_rules_do_not_take_the_firewall_away(pod: Pod) -> None:
    """They begin with throwing all rules away."""
    ask = f"runuser -u diaspora -- curl --silent --max-time 5 http://{METADATA}/"
    for verb in ("restart", "reload", "stop"):
        pod.machine.systemctl(f"{verb} nftables.service")
        pod.machine.wait_until_fails(ask, 10)
    assert pod.machine.unit("diaspora-web")["ActiveState"] == "active"


@pytest.mark.parametrize("user", ["diaspora", "www-data"])
def test_time_and_names_stay_within_reach_of(pod: Pod, user: str) -> None:
    """A packet that a rule refuses is refused to its sender; nobody has to answer these."""
    send = f"runuser -u {user} -- bash -c 'echo > /dev/udp/%s/%d'"
    pod.machine.succeed(send % (TIME, 123))
    pod.machine.succeed(send % (NAMES, 53))
    pod.machine.fail(send % (METADATA, 123))


def test_no_log_command_line_or_environment_holds_a_secret(pod: Pod) -> None:
    told = pod.machine.succeed("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
    told += pod.machine.journal() + pod.machine.console()
    told += pod.aws.logs.text(pod.settings["log_group"], pod.instance_id)
    secrets = {name: pod.aws.ssm.get(name) or "" for name in pod.aws.ssm.names()}
    assert len(secrets) >= 4
    # A user name is none, and may stand anywhere.
    hidden = {name: secret for name, secret in secrets.items() if "username" not in name.lower()}
    assert [name for name, secret in hidden.items() if secret in told] == []


def test_how_exposed_each_unit_is(pod: Pod) -> None:
    """Prints the figures, so that a change is seen; 10 is a unit without any protection."""
    # Of a timer or a socket, what it starts.
    started = {pod.machine.unit(unit).get("Triggers") or unit for unit in _units(pod)}
    for unit in sorted(started):
        shown = pod.machine.run(f"systemd-analyze security --no-pager {unit}")[1]
        figure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", shown)
        assert figure, shown
        pod.machine.say(f"systemd-analyze security {unit}: {figure[1]}")
        assert float(figure[1]) < 10


def _units(pod: Pod) -> list[str]:
    return pod.machine.unit("diaspora.target")["Wants"].split()
