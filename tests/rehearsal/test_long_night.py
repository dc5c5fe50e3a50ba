"""A reboot never gives up. This story takes as long as it says, beside the others."""

from __future__ import annotations

import time

from .aws import Aws
from .pod import Pods

AWAY_SECONDS = 600


def test_a_reboot_outlasts_a_database_that_is_away_for_ten_minutes(pods: Pods, aws: Aws) -> None:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    aws.database.vanish()
    pod.machine.reboot()
    time.sleep(AWAY_SECONDS)
    assert pod.front.get("/people").status == 503
    aws.database.come_back()
    pod.machine.wait_for_unit("diaspora-sidekiq", 120)
    assert pod.front.get("/people").status == 200
    assert len(aws.signals) == 1
