#!/usr/bin/env bash
# Waits until the machine has finished its own first boot and what of it uses apt.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What uses apt by itself, on Debian or on Ubuntu.
APT_JOBS=(apt-daily apt-daily-upgrade ua-timer update-notifier-download)
PATIENCE=900

# Timers first, so that nothing begins anew.
end_apt_jobs() {
    systemctl stop "${APT_JOBS[@]/%/.timer}" 2>/dev/null || true
    until [[ $(running_apt_jobs) == "" ]]; do
        ((SECONDS < PATIENCE)) || fail "still at work: $(running_apt_jobs)"
        sleep 2
    done
}

# To stop one in mid-work would leave packages half installed.
running_apt_jobs() {
    systemctl list-units --no-legend --plain --state=activating,active,deactivating \
        "${APT_JOBS[@]/%/.service}"
}

begin "Waiting until the machine has settled"

# 2: done, with warnings.
if command -v cloud-init >/dev/null; then
    cloud-init status --wait >/dev/null || [[ $? == 2 ]] || fail "cloud-init failed: cloud-init status --long"
fi
if command -v snap >/dev/null; then
    snap wait system seed.loaded
fi
end_apt_jobs
# Services start when the image boots, not when their packages arrive.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
# What the maker of the base image changed is the maker's affair.
changed_files >"$BUILD_DIR/changed-before"
