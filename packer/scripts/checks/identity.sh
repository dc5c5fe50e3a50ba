# shellcheck shell=bash
# An image that many start from has no identity and no secret.
set -o errexit -o nounset -o pipefail

check_no_application_secret() {
    absent /opt/diaspora/config/{diaspora.toml,database.yml,oidc_key.pem,schedule.yml} \
        /opt/diaspora/config/initializers/secret_token.rb \
        '/etc/diaspora/*' '/etc/nginx/diaspora/*' '/var/lib/diaspora-pages/*'
}

# The gems, and diaspora*'s own tests, bring keys along that open nothing.
check_no_private_key() {
    local found
    found=$(grep --recursive --files-with-matches --binary-files=text --exclude-dir=vendor \
        --exclude-dir=spec --regexp='-----BEGIN [A-Z ]*PRIVATE KEY-----' \
        "$ROOT"/{etc,home,opt,root,srv,usr/local,var} 2>/dev/null || true)
    [[ -z $found ]] || complain "private keys: $found"
}

check_no_host_key() {
    absent '/etc/ssh/ssh_host_*'
}

check_no_authorized_key() {
    absent '/root/.ssh/*' '/home/*/.ssh/*' /var/lib/diaspora/.ssh
}

# "uninitialized" would preset every unit at the first boot, so it has to be there and empty.
check_empty_machine_id() {
    [[ -f $ROOT/etc/machine-id && ! -s $ROOT/etc/machine-id ]] ||
        complain "/etc/machine-id is not an empty file"
    [[ ! -f $ROOT/var/lib/dbus/machine-id || -L $ROOT/var/lib/dbus/machine-id ]] ||
        complain "/var/lib/dbus/machine-id is a file of its own"
}

# All GUIDs of a pod come from it: two machines with the same would make the same ones.
check_no_uuid_state() {
    absent /tmp/ruby-uuid /var/tmp/ruby-uuid '/var/lib/diaspora/.ruby-uuid' \
        /opt/diaspora/tmp/ruby-uuid
}

check_no_cloud_init_state() {
    absent /var/lib/cloud/instance '/var/lib/cloud/instances/*' '/var/lib/cloud/data/*' \
        '/var/log/cloud-init*.log'
}

check_no_history() {
    absent '/root/.*_history' '/home/*/.*_history' '/var/lib/diaspora/.*_history' \
        '/root/.lesshst' '/home/*/.lesshst'
}

check_no_agent_identity() {
    absent '/var/lib/amazon/ssm/*' /var/lib/systemd/random-seed \
        /var/lib/systemd/credential.secret '/var/lib/diaspora-'{boot,worries}'/*' \
        '/var/snap/amazon-ssm-agent/common/*' '/var/lib/chrony/*'
}

# What has run on the builder would be taken for what this machine has missed, at its first boot.
check_no_timer_has_run() {
    absent '/var/lib/systemd/timers/*'
}

# They hold the memory of what crashed, and apport would write more of them.
check_no_crash_report() {
    absent '/var/crash/*' '/var/lib/systemd/coredump/*' /usr/share/apport/apport
}

# Between now and the machine's end they would write again what is not in the image.
check_nothing_writes_any_more() {
    local found
    found=$(systemctl list-units --no-legend --plain \
        --state=active,activating,deactivating,reloading "${WRITERS[@]}" | awk '{ print $1 }')
    [[ -z $found ]] || complain "still at work: $found"
}

check_no_log() {
    local found
    found=$(find "$ROOT/var/log" -type f -size +0 ! -path '*/journal/*' 2>/dev/null)
    [[ -z $found ]] || complain "logs of the build: $found"
}
