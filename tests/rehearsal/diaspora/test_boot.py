"""diaspora* boots: by itself, again, and two machines at once. What it takes is measured.

The seconds are of one machine with two whole processors. What a burstable instance makes of them
without credits cannot be seen here.
"""

from __future__ import annotations

import time

from ..aws import Aws
from ..bake import Image
from ..figures import Figures
from ..log import Broken
from ..pod import Pod, Pods

NODEINFO = "/.well-known/nodeinfo"
BY_HAND = "8.0 s, puma and sidekiq started together"
BEFORE_IT = {
    "diaspora-migrate": "Python asks first what there is to do, then rake loads Rails",
    "diaspora-web": "settings, mounts and migrations come first",
}
# The boot's units in their order → what was measured of the same without the image.
STEPS = {
    "diaspora-prepare": "",
    "diaspora-mount@images": "",
    "diaspora-mount@users": "",
    "diaspora-migrate": "7.7 s for `rake db:migrate` alone",
    "diaspora-web": "7.4 s for puma alone",
    "diaspora-warm": "",
    "diaspora-sidekiq": "",
}
MIGRATIONS = 48
FROM_THE_FRONT = {"X-Client-Proto": "https", "X-Client-IP": "198.51.100.7"}


def test_the_bake_makes_gems_and_assets_of_the_lock(image: Image, figures: Figures) -> None:
    seconds = {step.name: step.seconds for step in image.steps}
    figures.add("bake", "gems.sh", f"{seconds['gems.sh']:.0f} s", "151 to 216 s")
    figures.add("bake", "assets.sh", f"{seconds['assets.sh']:.0f} s", "52 to 62 s")
    figures.add("bake", "all of it", f"{sum(seconds.values()):.0f} s")
    assert {"gems.sh", "assets.sh", "smoke.sh", "validate.sh"} <= set(seconds)


def test_a_first_boot_migrates_and_a_reboot_does_not(
    pods: Pods, aws: Aws, figures: Figures
) -> None:
    pod = pods.launch()
    page = _seconds_to_page(pod, pod.launched)
    signal = pod.wait_for_signal()
    assert (signal.status, signal.unique_id) == ("SUCCESS", pod.instance_id)
    assert f"{MIGRATIONS} migrations to do" in pod.machine.journal("diaspora-migrate")
    assert int(aws.database.psql("SELECT count(*) FROM schema_migrations")) == MIGRATIONS
    _note_steps(pod, figures)
    why = "sidekiq waits for puma, and 48 migrations come before both"
    figures.add("first boot", "first page through the front", f"{page:.1f} s", BY_HAND, why)
    figures.add("first boot", "signal of success", f"{signal.at:.1f} s")

    began = time.monotonic()
    pod.machine.reboot()
    page = _seconds_to_page(pod, began)
    pod.machine.wait_for_unit("diaspora-sidekiq", 180)
    assert "migrations to do" not in pod.machine.journal("diaspora-migrate")
    assert pod.front.get("/").status == 200
    why = "the machine comes down and up"
    figures.add("reboot", "first page, from the order on", f"{page:.1f} s", "7.4 s for puma", why)
    took = _seconds(pod, "diaspora-migrate", "ExecMainExit") - _seconds(
        pod, "diaspora-migrate", "ExecMainStart"
    )
    why = "versions and file names are compared, no Rails is loaded"
    figures.add("reboot", "migrate, with nothing to do", f"{took:.1f} s", "7.5 s", why)


def test_two_machines_at_once_migrate_once_and_both_serve(pods: Pods, aws: Aws) -> None:
    first, second = pods.launch("first"), pods.launch("second")
    assert first.wait_for_signal().status == "SUCCESS"
    assert second.wait_for_signal().status == "SUCCESS"
    assert int(aws.database.psql("SELECT count(*) FROM schema_migrations")) == MIGRATIONS
    told = [pod.machine.journal("diaspora-migrate") for pod in (first, second)]
    assert sum("migrated (" in text for text in told) == 1
    for pod in (first, second):
        assert pod.inside("GET", NODEINFO, FROM_THE_FRONT).status == 200


def _seconds_to_page(pod: Pod, began: float, patience: float = 300) -> float:
    """Seconds from ``began`` until the front gives the pod's first 200."""
    while time.monotonic() < began + patience:
        if pod.front.get(NODEINFO).status == 200:
            return time.monotonic() - began
        time.sleep(0.2)
    raise Broken(f"no page within {patience} s\n{pod.machine.journal()[-6000:]}")


def _note_steps(pod: Pod, figures: Figures) -> None:
    """When each unit was up, counted from the launch: systemd and we have the same clock."""
    for unit, before in STEPS.items():
        at = _seconds(pod, unit, "ActiveEnter") - pod.launched
        why = BEFORE_IT.get(unit, "")
        figures.add("first boot", f"`{unit}` is up", f"{at:.1f} s", before, why)


def _seconds(pod: Pod, unit: str, event: str) -> float:
    return int(pod.machine.unit(unit)[f"{event}TimestampMonotonic"]) / 1e6
