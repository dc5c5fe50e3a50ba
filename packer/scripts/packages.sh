#!/usr/bin/env bash
# The base: today's updates, Ruby, and what the boot program is written in.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

source "$BUILD_DIR/pins.env"
begin "Installing the base packages"
need RUBY_SERIES

# What a pod has no use for. apport writes down the memory of what crashes, which holds secrets, and
# sets a core pattern of its own.
unwanted=(apport fwupd modemmanager multipath-tools packagekit udisks2)

update_lists
apt dist-upgrade
for package in "${unwanted[@]}"; do
    if dpkg-query --show "$package" >/dev/null 2>&1; then
        say "away with $package"
        apt purge "$package"
    fi
done
install_packages \
    ca-certificates \
    curl \
    libjemalloc2 \
    nftables \
    openssl \
    postgresql-client \
    python3-boto3 \
    python3-jinja2 \
    python3-psycopg2 \
    tzdata
install_packages \
    ruby \
    ruby-bundler
found=$(ruby -e 'print RUBY_VERSION')
[[ $found == "$RUBY_SERIES".* ]] || fail "Ruby is $found, and diaspora* needs $RUBY_SERIES"
