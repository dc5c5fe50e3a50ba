#!/usr/bin/env bash
# Boots the pod once on the machine that builds the image: the real units on sample settings, against
# a throw-away PostgreSQL. What only this system can break, breaks here and not in a stack.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"
source "$BUILD_DIR/scripts/checks/ports.sh"
source "$BUILD_DIR/scripts/smoke/wants.sh"

DROP_INS=/run/systemd/system
AUTHORITIES=/usr/share/diaspora/rds-ca.pem
# Not below /tmp, of which each unit has one of its own.
SAYS=/run/diaspora-smoke.py
PATIENCE=600
BUCKET_PORT=18099
# It does nothing but talk to AWS.
AWS_ONLY=diaspora-signal.service

# A server whose certificate is its own authority.
start_postgresql() {
    local version data
    apt install --no-install-recommends postgresql
    version=$(pg_lsclusters --no-header | awk 'NR == 1 { print $1 }')
    data=/etc/postgresql/$version/main
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost \
        -keyout "$data/smoke.key" -out "$data/smoke.pem" 2>/dev/null
    chown postgres: "$data/smoke.key"
    printf "ssl = on\nssl_cert_file = '%s'\nssl_key_file = '%s'\n" \
        "$data/smoke.pem" "$data/smoke.key" >"$data/conf.d/smoke.conf"
    systemctl start "postgresql@$version-main.service"
    # By standard input: a command line is everybody's to read.
    runuser --user postgres -- psql --quiet --set=ON_ERROR_STOP=1 <<SQL
CREATE ROLE diaspora LOGIN PASSWORD '$PASSWORD';
CREATE DATABASE diaspora OWNER diaspora TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8';
SQL
    # For the length of this script the units believe this server as they will believe AWS's.
    mount --bind "$data/smoke.pem" "$AUTHORITIES"
}

# Of one name, only the drop-in that is nearest to a unit would be read.
drop_in() {
    mkdir -p "$DROP_INS/$1.d"
    cat >"$DROP_INS/$1.d/smoke-$1.conf"
}

# What only AWS can say is made up while this script runs. The bucket is one in memory; boto3 and s3fs
# find address and keys of it in their environment.
replace_aws() {
    install --mode=0644 "$BUILD_DIR/scripts/smoke.py" "$SAYS"
    chmod 0755 "$BUILD_DIR/scripts/smoke/s3fs"
    (
        umask 077
        cat >"$BUILD_DIR/smoke.env" <<ENV
PASSWORD=$PASSWORD
AWS_ENDPOINT_URL_S3=http://127.0.0.1:$BUCKET_PORT
AWS_ACCESS_KEY_ID=smoke
AWS_SECRET_ACCESS_KEY=smoke
AWSACCESSKEYID=smoke
AWSSECRETACCESSKEY=smoke
ENV
    )
    systemd-run --quiet --unit=smoke-bucket \
        python3 -B "$BUILD_DIR/scripts/smoke/bucket.py" "$BUCKET_PORT"
    drop_in diaspora-.service <<<"[Service]
EnvironmentFile=$BUILD_DIR/smoke.env"
    drop_in diaspora-mount@.service <<<"[Service]
Environment=PATH=$BUILD_DIR/scripts/smoke:/usr/sbin:/usr/bin"
    for command in prepare migrate; do
        drop_in "diaspora-$command.service" <<<"[Service]
ExecStart=
ExecStart=/usr/bin/python3 -I -B $SAYS $command"
    done
    systemctl mask --runtime --quiet "$AWS_ONLY"
    systemctl daemon-reload
}

show_what_happened() {
    systemctl --no-pager --full list-units 'diaspora*' 'nginx*' 'redis*' || true
    journalctl --no-pager --quiet --since="@$BEGUN" --output=cat \
        --unit='diaspora-*' --unit=nginx.service --unit=redis-server.service || true
}

clean_up() {
    # Every unit by name: stopping the target alone would not wait for them.
    systemctl stop diaspora.target 'diaspora-*.service' nginx.service redis-server.service \
        2>/dev/null || true
    # policy-rc.d, which forbids to start, forbids to stop too.
    systemctl stop 'postgresql@*.service' 2>/dev/null || true
    take_metadata
    mountpoint --quiet "$AUTHORITIES" && umount "$AUTHORITIES"
    systemctl stop smoke-bucket.service 2>/dev/null || true
    rm -rf "$DROP_INS"/diaspora-{,prepare,mount@,migrate}.service.d
    systemctl unmask --runtime --quiet "$AWS_ONLY"
    systemctl daemon-reload
    systemctl reset-failed
    mapfile -t extra < <(comm -13 <(echo "$BEFORE") <(installed_packages))
    [[ ${#extra[@]} == 0 ]] || apt purge "${extra[@]}"
    rm -rf /etc/postgresql /var/{lib,log}/postgresql /var/lib/redis/* "$APP"/{tmp,log}/*
    userdel postgres 2>/dev/null || true
    groupdel ssl-cert 2>/dev/null || true
    rm -rf /etc/diaspora/* /etc/nginx/diaspora/* /var/lib/diaspora-pages/* /run/diaspora/* \
        /var/lib/diaspora-assets /var/cache/diaspora-photos/* "$SAYS"
    rm -f "$APP"/config/{diaspora.toml,database.yml,oidc_key.pem,schedule.yml} \
        "$APP/config/initializers/secret_token.rb"
    systemd-tmpfiles --create /usr/lib/tmpfiles.d/diaspora.conf
}

finish() {
    local status=$?
    trap - EXIT
    [[ $status == 0 ]] || show_what_happened
    clean_up
    ended "$status"
    exit "$status"
}

# How validate.sh calls it.
complain() {
    fail "$*"
}

begin "Booting the pod once"
BEFORE=$(installed_packages)
BEGUN=$(date +%s)
PASSWORD=$(openssl rand -hex 16)
trap finish EXIT

update_lists
start_postgresql
python3 -I -B "$BUILD_DIR/scripts/smoke.py" settings
replace_aws
# As at a boot.
systemd-tmpfiles --boot --create /usr/lib/tmpfiles.d/diaspora.conf
systemctl start --no-block diaspora.target
wait_for_page /.well-known/nodeinfo
wait_for_page /
for unit in warm sidekiq photos assets; do
    wait_for_unit "diaspora-$unit.service"
done
want_no_second_try
want_compiled
make_webp
want_photo
want_export
want_job
want_worries
want_firewall
want_needrestart
if systemd-detect-virt --quiet --container; then
    say "a container has the kernel's settings and the swap of its host"
else
    want_kernel_settings
    want_swap
fi
check_ports
look_for_denials
