#!/usr/bin/env bash
# Security updates by themselves: what runs is restarted with them, the machine where it has to be.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Preparing security updates"

install_packages \
    needrestart \
    unattended-upgrades
