#!/usr/bin/env bash
# Security updates by themselves, with no restart of the machine.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Preparing security updates"

install_packages unattended-upgrades
grep --quiet 'Unattended-Upgrade::Automatic-Reboot "false"' <<<"$(apt-config dump)" ||
    fail "unattended-upgrades would restart the machine"
