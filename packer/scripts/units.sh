#!/usr/bin/env bash
# The units of the boot: enabled as the preset says.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Enabling the units"

systemctl daemon-reload
systemctl preset --quiet \
    diaspora.target metadata-firewall.service swapfile.swap nginx.service redis-server.service
# It keeps the ports open that its new settings close.
systemctl try-restart systemd-resolved.service 2>/dev/null || true
nft --check --file /usr/share/diaspora/metadata.nft || fail "nftables dislikes its rules"
