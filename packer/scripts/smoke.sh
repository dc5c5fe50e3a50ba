#!/usr/bin/env bash
# Boots the pod once on the machine that builds the image: the real units on sample settings, against
# a throw-away PostgreSQL. What only this system can break, breaks here and not in a stack.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"
source "$BUILD_DIR/scripts/checks/ports.sh"

DROP_INS=/run/systemd/system
AUTHORITIES=/usr/share/diaspora/rds-ca.pem
PATIENCE=600
# They do nothing but talk to AWS.
AWS_ONLY=(diaspora-assets.service diaspora-signal.service)

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

drop_in() {
    mkdir -p "$DROP_INS/$1.d"
    cat >"$DROP_INS/$1.d/smoke.conf"
}

# The steps that talk to AWS do something else while this script runs.
replace_aws() {
    drop_in diaspora-prepare.service <<<$'[Service]\nExecStart=\nExecStart=/bin/true'
    drop_in diaspora-mount@.service <<'UNIT'
[Service]
EnvironmentFile=
ExecStartPre=
ExecStart=
ExecStart=/bin/sleep infinity
ExecStartPost=
UNIT
    drop_in diaspora-migrate.service <<UNIT
[Service]
User=$APP_USER
WorkingDirectory=$APP
Environment=RAILS_ENV=production
ExecStart=
ExecStart=$APP/bin/rake db:migrate
UNIT
    systemctl mask --runtime --quiet "${AWS_ONLY[@]}"
    systemctl daemon-reload
}

# As the front will ask it.
status_of() {
    curl --silent --output /dev/null --max-time 30 --write-out '%{http_code}' \
        --header 'Host: pod.example.invalid' --header 'X-Client-IP: 192.0.2.1' \
        --header 'X-Client-Proto: https' "http://127.0.0.1$1" || true
}

wait_for_page() {
    local begun=$SECONDS
    until [[ $(status_of "$1") == 200 ]]; do
        ((SECONDS - begun < PATIENCE)) || fail "$1 answers $(status_of "$1") after $PATIENCE s"
        sleep 1
    done
    say "$1 answers after $((SECONDS - begun)) s"
}

wait_for_unit() {
    local begun=$SECONDS
    until systemctl is-active --quiet "$1"; do
        ((SECONDS - begun < PATIENCE)) || fail "$1 is $(systemctl is-active "$1")"
        sleep 1
    done
}

# Of text, as the captcha is: that takes a font. diaspora*'s own policy allows hardly more.
make_webp() {
    as_app env "MAGICK_CONFIGURE_PATH=$APP/config/imagemagick" \
        convert label:smoke "$APP/tmp/smoke.webp"
    [[ $(as_app identify -format '%m' "$APP/tmp/smoke.webp") == WEBP ]] ||
        fail "ImageMagick made no WebP"
    rm "$APP/tmp/smoke.webp"
    say "a WebP picture was made"
}

# Only where the kernel has AppArmor and tells.
look_for_denials() {
    local denials
    denials=$(journalctl --quiet --dmesg --boot --grep 'apparmor="DENIED"' 2>/dev/null || true)
    [[ -z $denials ]] || fail "AppArmor denied something: $denials"
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
    mountpoint --quiet "$AUTHORITIES" && umount "$AUTHORITIES"
    rm -rf "$DROP_INS"/{diaspora-prepare,diaspora-mount@,diaspora-migrate}.service.d
    systemctl unmask --runtime --quiet "${AWS_ONLY[@]}"
    systemctl daemon-reload
    systemctl reset-failed
    mapfile -t extra < <(comm -13 <(echo "$BEFORE") <(installed_packages))
    [[ ${#extra[@]} == 0 ]] || apt purge "${extra[@]}"
    rm -rf /etc/postgresql /var/{lib,log}/postgresql /var/lib/redis/* "$APP"/{tmp,log}/*
    userdel postgres 2>/dev/null || true
    groupdel ssl-cert 2>/dev/null || true
    rm -rf /etc/diaspora/* /etc/nginx/diaspora/* /var/lib/diaspora-pages/* /run/diaspora/*
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

apt update
start_postgresql
PYTHONPATH=/usr/lib/diaspora PASSWORD=$PASSWORD python3 -B "$BUILD_DIR/scripts/smoke.py"
replace_aws
systemctl start --no-block diaspora.target
wait_for_page /.well-known/nodeinfo
wait_for_page /
wait_for_unit diaspora-warm.service
wait_for_unit diaspora-sidekiq.service
make_webp
check_ports
look_for_denials
