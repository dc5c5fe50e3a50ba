#!/usr/bin/env bash
# Takes the machine's identity and the build's traces away, so that each pod has its own.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

stop_writers() {
    # Some of them are on no machine of a kind.
    systemctl stop "${WRITERS[@]}" 2>/dev/null || true
}

# Homes of people, root's included.
homes() {
    getent passwd | awk -F: '$3 == 0 || ($3 >= 1000 && $3 < 65000) { print $6 }'
}

forget_people() {
    local home
    while read -r home; do
        rm -rf "$home"/.ssh "$home"/.*_history "$home"/.{cache,config,npm,bundle,gem,local} \
            "$home"/.{lesshst,viminfo,wget-hsts,gitconfig,sudo_as_admin_successful}
    done < <(homes)
}

forget_identity() {
    rm -f /etc/ssh/ssh_host_* /var/lib/systemd/{random-seed,credential.secret} \
        /var/lib/dbus/machine-id
    # Empty, not "uninitialized": that would preset every unit at the first boot.
    : >/etc/machine-id
    rm -rf /var/lib/amazon/ssm/* /var/snap/amazon-ssm-agent/common/* /var/lib/fwupd \
        /var/lib/diaspora-{boot,worries}/* /etc/diaspora/* /run/diaspora/* /var/crash/*
    # chrony's hold the keys to its servers; the timers' let a month-old image catch up at its first boot.
    rm -rf /var/lib/{chrony,systemd/timers,systemd/timesync}/*
}

forget_cloud_init() {
    if command -v cloud-init >/dev/null; then
        cloud-init clean --logs
    fi
    rm -rf /var/lib/cloud/instance /var/lib/cloud/instances/* /var/lib/cloud/data/*
}

forget_logs() {
    if [[ -S /run/systemd/journal/io.systemd.journal ]]; then
        journalctl --quiet --relinquish-var || true
    fi
    rm -rf /var/log/journal/*
    find /var/log -type f -delete
}

# The folder of the build stays until validate.sh has run.
forget_leftovers() {
    apt clean
    rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old /var/backups/* /usr/sbin/policy-rc.d
    find /etc -name '*.dpkg-dist' -delete
    find /var/tmp /tmp -mindepth 1 -maxdepth 1 \
        ! -path "$BUILD_DIR" ! -name 'script_*.sh' ! -name 'systemd-private-*' -exec rm -rf {} +
    find /opt/diaspora /usr/lib/diaspora -name __pycache__ -prune -exec rm -r {} +
}

begin "Taking identity and traces away"

stop_writers
forget_people
forget_identity
forget_cloud_init
forget_leftovers
forget_logs
say "the image is $(du --summarize --one-file-system --block-size=1M / | cut --fields=1) MB"
