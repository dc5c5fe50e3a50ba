# shellcheck shell=bash
# What runs, and what must not by itself.
set -o errexit -o nounset -o pipefail

# Only what it says of our own units: those of the distribution are its business.
check_units() {
    local found units=("$ROOT"/usr/lib/systemd/system/{diaspora*.{service,target},swapfile.*})
    found=$(systemd-analyze verify --man=no "${units[@]}" 2>&1 |
        grep --extended-regexp '(diaspora|swapfile|10-pod)' || true)
    [[ -z $found ]] || complain "systemd: $found"
}

check_enabled_units() {
    local wants=/etc/systemd/system
    present "$wants/multi-user.target.wants/diaspora.target" \
        "$wants/sysinit.target.wants/metadata-firewall.service" "$wants/swap.target.wants/swapfile.swap"
    # These belong to diaspora.target, and wait for settings.
    absent "$wants/multi-user.target.wants/nginx.service" \
        "$wants/multi-user.target.wants/redis-server.service"
}

check_nginx() {
    local found
    found=$(nginx -t -q 2>&1) || complain "nginx: $found"
}

check_firewall() {
    local found
    found=$(nft --check --file "$ROOT/usr/share/diaspora/metadata.nft" 2>&1) || complain "nftables: $found"
}

check_no_automatic_restart() {
    grep --recursive --no-messages --quiet 'Unattended-Upgrade::Automatic-Reboot "false"' \
        "$ROOT/etc/apt/apt.conf.d" || complain "updates may restart the machine"
}

# policy-rc.d keeps services from starting while the image is built.
check_services_may_start() {
    absent /usr/sbin/policy-rc.d
}

# A mirror that only the build could reach.
check_no_gem_mirror() {
    local found
    found=$(grep --no-messages --ignore-case mirror "$ROOT/opt/diaspora/.bundle/config" || true)
    [[ -z $found ]] || complain "Bundler keeps a mirror: $found"
}
