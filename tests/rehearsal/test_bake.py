"""The image is what ``packer_pod.json`` says, made by Packer, and refuses to be less."""

from __future__ import annotations

import json
import shlex
import tarfile
from pathlib import Path

from .bake import PACKER, TEMPLATE, Image
from .log import say
from .pod import PodMachine, Pods

BUILD = "/srv/diaspora-image"
# A check of the validation that needs the real machine, and how it is made to complain. What a tree
# of files can show is planted in tests/image.
FAULTS = {
    "check_nginx": "echo 'planted on;' >/etc/nginx/conf.d/planted.conf",
    "check_units": "printf '[Service]\\nPlanted=on\\n' "
    ">/usr/lib/systemd/system/nginx.service.d/10-pod-planted.conf",
    "check_firewall": "echo planted >>/usr/share/diaspora/metadata.nft",
    "check_libraries": "rm /usr/lib/*/libidn.so.*; ldconfig",
    "check_needed_programs": "rm /usr/bin/identify",
    "check_no_package_was_changed": "echo '# planted' >>/etc/nginx/nginx.conf",
    "check_updates_come_by_themselves": "echo 'APT::Periodic::Unattended-Upgrade \"0\";' "
    ">/etc/apt/apt.conf.d/99planted",
    "check_ports": "systemd-run --quiet python3 -m http.server 8081; sleep 2",
}


def test_packer_ran_the_committed_template_with_another_builder(image: Image) -> None:
    committed = json.loads(TEMPLATE.read_text())
    assert {**image.packer, "builders": []} == {**committed, "builders": []}
    assert [builder["type"] for builder in image.packer["builders"]] == ["null"]


def test_every_script_ran_in_the_order_of_the_template(image: Image) -> None:
    committed = json.loads(TEMPLATE.read_text())
    scripts = [
        Path(script).name
        for provisioner in committed["provisioners"]
        for script in provisioner.get("scripts", [])
    ]
    assert len(scripts) > 10
    assert [step.name for step in image.steps if step.name in scripts] == scripts
    for step in image.steps:
        say(f"image: {step.name} took {step.seconds} s")


def test_the_manifest_says_what_is_in_the_image(pods: Pods) -> None:
    manifest = pods.prepare().machine.read("/usr/share/diaspora/manifest.json")
    for word in ("puma", "7.2.0", "redis-server", "YARN_VERSION", "1.22.22", "v0.9.1.0"):
        assert word in manifest


def test_the_images_own_checks_refuse_planted_faults(pods: Pods) -> None:
    machine = pods.bare()
    machine.wait_until_succeeds("systemctl is-system-running --wait", 120)
    for check, fault in FAULTS.items():
        assert _checked(machine, check) == (0, True), check
        machine.succeed(fault)
        status, named = _checked(machine, check)
        assert status != 0
        assert named, f"the complaint does not name {check}"


def test_a_build_waits_for_what_uses_apt_by_itself(pods: Pods) -> None:
    """To its end, which must not be cut short; and nothing begins anew."""
    machine = pods.bare()
    machine.write(
        "/etc/systemd/system/apt-daily.service.d/planted.conf",
        "[Service]\nExecStartPre=\nExecStart=\n"
        "ExecStart=/bin/sh -c 'sleep 5; touch /var/lib/apt/updated'\n",
    )
    machine.systemctl("daemon-reload")
    machine.systemctl("start --no-block apt-daily.service apt-daily.timer")
    _run(machine, "settle.sh")
    machine.succeed("test -e /var/lib/apt/updated")
    assert machine.unit("apt-daily.timer")["ActiveState"] == "inactive"


def test_what_writes_identity_is_ended_before_it_is_deleted(pods: Pods) -> None:
    """As an agent does that writes while it runs, and once more while it ends."""
    machine = pods.bare()
    vault = "mkdir -p /var/lib/amazon/ssm; echo planted >/var/lib/amazon/ssm"
    machine.write(
        "/etc/systemd/system/amazon-ssm-agent.service",
        f"[Service]\nExecStart=/bin/sh -c '{vault}/running; exec sleep infinity'\n"
        f"ExecStop=/bin/sh -c '{vault}/ended'\n",
    )
    machine.systemctl("daemon-reload")
    machine.systemctl("start amazon-ssm-agent")
    machine.wait_for_file("/var/lib/amazon/ssm/running")
    checks = ("check_no_agent_identity", "check_nothing_writes_any_more")
    assert [_checked(machine, check) for check in checks] == [(1, True)] * 2
    _run(machine, "cleanup.sh")
    assert [_checked(machine, check) for check in checks] == [(0, True)] * 2


def _checked(machine: PodMachine, check: str) -> tuple[int, bool]:
    """Run one check as the build does; its status, and whether what it says is as it should."""
    status, output = machine.run(_command(machine, f"validate.sh {shlex.quote(check)}"))
    return status, (f"{check}: " in output) == (status != 0)


def _run(machine: PodMachine, script: str) -> None:
    machine.succeed(_command(machine, script))


def _command(machine: PodMachine, script: str) -> str:
    """What runs a script as the build does, on a machine that has brought nothing of its own."""
    machine.copy_in(PACKER / "scripts", f"{BUILD}/scripts")
    machine.write(f"{BUILD}/changed-before", "")
    return f"BUILD_DIR={BUILD} bash {BUILD}/scripts/{script}"


def test_everybody_may_have_the_source_of_what_runs_here(image: Image) -> None:
    """With what we added, as the AGPL wants it."""
    ours = PACKER / "rootfs/usr/share/diaspora/application"
    added = {str(file.relative_to(ours)) for file in ours.rglob("*") if file.is_file()}
    application = image.layers[0] / "opt/diaspora"
    with tarfile.open(application / "public/source.tar.gz") as archive:
        offered = {name.removeprefix("diaspora/") for name in archive.getnames()}
        boot = archive.extractfile("diaspora/config/boot.rb")
        offered_boot = boot.read() if boot else b""
    assert added
    assert {*added, "config.ru", "Gemfile.lock"} <= offered
    for name in added:
        assert (application / name).read_bytes() == (ours / name).read_bytes()
    # Of upstream's files, the one that we change.
    assert offered_boot == (application / "config/boot.rb").read_bytes()
    assert b'\nrequire_relative "quick_start"\n' in offered_boot
