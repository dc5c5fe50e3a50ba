#!/usr/bin/env bash
# Gives the code to root. The pod's user writes into three folders only.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Giving the code to root"

chown -R root:root "$APP"
chmod -R u+rwX,go+rX,go-w "$APP"
rm -rf "$APP"/{tmp,log} "$APP/public/uploads"
systemd-tmpfiles --create /usr/lib/tmpfiles.d/diaspora.conf
# Where nothing is mounted, nothing can be written.
install --directory --mode=0555 "$APP"/public/uploads/{images,users}
