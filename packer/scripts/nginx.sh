#!/usr/bin/env bash
# The door: nginx, whose configuration is in rootfs.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Installing nginx"

install_packages nginx
systemctl disable --quiet nginx.service
rm -f /etc/nginx/sites-enabled/default
nginx -t -q -c /etc/nginx/pages.conf || fail "nginx dislikes its configuration"
