#!/usr/bin/env bash
# Copies rootfs/ onto the machine and sets owners and modes, which the upload lost.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# Folders that are there already keep what they have.
copy() {
    local path=$1
    install -D --owner=root --group=root --mode=0644 "$BUILD_DIR/rootfs/$path" "/$path"
}

begin "Copying rootfs"

find "$BUILD_DIR/rootfs" -name __pycache__ -prune -exec rm -r {} +
while read -r path; do
    copy "$path"
done < <(cd "$BUILD_DIR/rootfs" && find . -type f -printf '%P\n')
while read -r mode path; do
    [[ -f $BUILD_DIR/rootfs/$path ]] || fail "modes.tsv names $path, which rootfs has not"
    chmod "$mode" "/$path"
done < <(grep -v '^#' "$BUILD_DIR/modes.tsv")
systemd-sysusers /usr/lib/sysusers.d/diaspora.conf
say "$(find "$BUILD_DIR/rootfs" -type f | wc -l) files"
