#!/usr/bin/env bash
# Copies rootfs/ onto the machine and sets owners and modes, which the upload lost.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What lies where programs lie can be run; of a link, what it leads to is copied. Folders that are there
# already keep what they have.
copy() {
    local path=$1 mode=0644
    case $path in
    usr/sbin/* | usr/libexec/*) mode=0755 ;;
    esac
    install -D --owner=root --group=root --mode="$mode" "$BUILD_DIR/rootfs/$path" "/$path"
}

begin "Copying rootfs"

find "$BUILD_DIR/rootfs" -name __pycache__ -prune -exec rm -r {} +
while read -r path; do
    copy "$path"
done < <(cd "$BUILD_DIR/rootfs" && find . ! -type d -printf '%P\n')
systemd-sysusers /usr/lib/sysusers.d/diaspora.conf
say "$(find "$BUILD_DIR/rootfs" ! -type d | wc -l) files"
