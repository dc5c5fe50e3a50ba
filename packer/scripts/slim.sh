#!/usr/bin/env bash
# Takes away what only building needed. Libraries that running needs are computed, not listed.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What the gems' compiled parts are linked to, and what is opened by name while running.
libraries() {
    find "$APP/vendor/bundle" -name '*.so' -exec ldd {} + | awk '$2 == "=>" && $3 ~ /^\// { print $3 }'
    ldconfig -p | awk '/lib(curl|jemalloc)\.so\.[0-9]+ / { print $NF }'
}

missing_libraries() {
    find "$APP/vendor/bundle" -name '*.so' -exec ldd {} + | awk '/not found/ { print $1 }' | sort -u
}

packages_of() {
    local file
    while read -r file; do
        dpkg-query --search "$(realpath "$file")" 2>/dev/null | cut --delimiter=: --fields=1
    done | sort -u
}

# What building brought and nobody that stays depends on. A mere recommendation keeps nothing: there
# is always some library that recommends the compiler.
needless_packages() {
    comm -12 <(sort -u "$BUILD_DIR/build-packages") <(
        apt-get --simulate autoremove \
            --option=APT::AutoRemove::RecommendsImportant=false \
            --option=APT::AutoRemove::SuggestsImportant=false |
            awk '$1 == "Remv" { print $2 }' | sort
    )
}

begin "Taking away what only building needed"

before=$(df --output=used --block-size=1M / | tail -n 1)
mapfile -t keep < <(libraries | grep -v "^$APP/" | sort -u | packages_of)
say "libraries that stay: ${keep[*]}"
apt-mark manual "${keep[@]}" >/dev/null
# EC2 Instance Connect asks with it.
apt-mark manual curl >/dev/null

quietly npm uninstall --global --loglevel=error yarn
mapfile -t needless < <(needless_packages)
apt purge "${needless[@]}"
rm -rf /usr/local/lib/node_modules /root/.npm

missing=$(missing_libraries)
[[ -z $missing ]] || fail "libraries that the gems need are gone: $missing"
say "$((before - $(df --output=used --block-size=1M / | tail -n 1))) MB less"
