#!/usr/bin/env bash
# The queue: Redis, by unix socket only.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

source "$BUILD_DIR/pins.env"
begin "Installing Redis"
need REDIS_OLDEST

install_packages redis-server
found=$(redis-server --version | sed 's/.* v=\([^ ]*\) .*/\1/')
dpkg --compare-versions "$found" ge "$REDIS_OLDEST" ||
    fail "Redis is $found, and sidekiq needs $REDIS_OLDEST"
# The socket belongs to the group.
usermod --append --groups redis "$APP_USER"
say "Redis $found"
