#!/usr/bin/env bash
# Waits until the machine has finished its own first boot, and keeps apt's timers out of the way.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Waiting until the machine has settled"

# 2: done, with warnings.
if command -v cloud-init >/dev/null; then
    cloud-init status --wait >/dev/null || [[ $? == 2 ]] || fail "cloud-init failed: cloud-init status --long"
fi
if command -v snap >/dev/null; then
    snap wait system seed.loaded
fi
for timer in apt-daily.timer apt-daily-upgrade.timer; do
    systemctl stop "$timer" 2>/dev/null || true
done
# Services start when the image boots, not when their packages arrive.
install --mode=0755 /dev/stdin /usr/sbin/policy-rc.d <<<$'#!/bin/sh\nexit 101'
