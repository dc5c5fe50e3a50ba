# shellcheck shell=bash
# What runs, and what must not by itself.
set -o errexit -o nounset -o pipefail

# Only what it says of our own units, and of what we add to others'.
check_units() {
    local found units=("$ROOT"/usr/lib/systemd/system/{diaspora*.{service,target,timer},swapfile.*})
    units+=("$ROOT/usr/lib/systemd/system/metadata-firewall.service")
    units+=(apt-daily-upgrade.{service,timer} nginx.service redis-server.service)
    found=$(systemd-analyze verify --man=no "${units[@]}" 2>&1 |
        grep --extended-regexp '(diaspora|swapfile|firewall|10-pod)' || true)
    [[ -z $found ]] || complain "systemd: $found"
}

check_enabled_units() {
    local wants=/etc/systemd/system
    present "$wants/multi-user.target.wants/diaspora.target" \
        "$wants/sysinit.target.wants/metadata-firewall.service" \
        "$wants/swap.target.wants/swapfile.swap" \
        "$wants"/timers.target.wants/apt-daily{,-upgrade}.timer
    # These belong to diaspora.target, and wait for settings.
    absent "$wants/multi-user.target.wants/nginx.service" \
        "$wants/multi-user.target.wants/redis-server.service"
}

check_nginx() {
    local found
    found=$(nginx -t -q -c "$ROOT/etc/nginx/pages.conf" 2>&1) || complain "nginx: $found"
}

check_firewall() {
    local found
    found=$(nft --check --file "$ROOT/usr/share/diaspora/metadata.nft" 2>&1) ||
        complain "nftables: $found"
}

# policy-rc.d keeps services from starting while the image is built.
check_services_may_start() {
    absent /usr/sbin/policy-rc.d
}

# watch-mount waits for these words.
check_words_of_stat() {
    local found
    found=$(LC_ALL=C stat "$ROOT/nobody-has-this" 2>&1 || true)
    [[ $found == *"No such file"* ]] || complain "stat says of a missing file: $found"
}

# A mirror that only the build could reach.
check_no_gem_mirror() {
    local found
    found=$(grep --no-messages --ignore-case mirror "$ROOT/opt/diaspora/.bundle/config" || true)
    [[ -z $found ]] || complain "Bundler keeps a mirror: $found"
}
