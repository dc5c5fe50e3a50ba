# shellcheck shell=bash
# What the smoke boot wants of a pod that is up.
set -o errexit -o nounset -o pipefail

METADATA=169.254.169.254
QUEUE=/run/redis/redis-server.sock

# As the front will ask it.
ask() {
    curl --silent --max-time 30 --header 'Host: pod.example.invalid' \
        --header 'X-Client-IP: 192.0.2.1' --header 'X-Client-Proto: https' \
        "${@:2}" "http://127.0.0.1$1"
}

status_of() {
    ask "$1" --output /dev/null --write-out '%{http_code}' || true
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
    say "a WebP picture was made"
}

# Written through one mount of s3fs, as the application does it, and read by the photos' nginx.
want_photo() {
    as_app cp tmp/smoke.webp public/uploads/images/smoke.webp
    cmp --quiet "$APP/tmp/smoke.webp" <(ask /uploads/images/smoke.webp) ||
        fail "a photo answers $(status_of /uploads/images/smoke.webp), or something else than itself"
    say "a photo is served"
}

# By the socket at which nginx asks: there is nobody who could sign in.
want_export() {
    local found
    found=$(curl --silent --max-time 30 --unix-socket /run/diaspora-exports.sock \
        --output /dev/null --write-out '%{redirect_url}' http://exports/smoke.zip || true)
    [[ $found == */uploads/users/smoke.zip\?*Signature=* ]] ||
        fail "no address of an export was signed, but: $found"
    say "an address of an export is signed"
}

queue() {
    redis-cli -s "$QUEUE" "$@"
}

# By the units, as locked in as they are; and counted in a start of its own, of all that the application
# loads. Some files lie in folders of a gem's that look like its tests, and are left to Ruby.
want_compiled() {
    local unit hits all
    for unit in web sidekiq; do
        grep --quiet --fixed-strings /bootsnap.so "/proc/$(main_process "$unit")/maps" ||
            fail "diaspora-$unit started without what was compiled"
    done
    read -r hits all < <(count_compiled)
    ((hits * 100 >= all * 98 && all > 0)) || fail "only $hits of $all files came compiled"
    say "$hits of $all files came compiled"
}

main_process() {
    systemctl show --property=MainPID --value "diaspora-$1.service"
}

count_compiled() {
    as_app bin/bundle exec ruby -r ./config/boot \
        -e 'Bootsnap.log_stats!; require "./config/environment"' 2>&1 |
        awk '/^bootsnap hit:/ { hits = $3 } /^bootsnap [a-z]+:/ { all += $3 } END { print hits + 0, all + 0 }'
}

# One that every night brings. It counts what it has done every ten seconds.
want_job() {
    local begun=$SECONDS
    queue lpush queue:low '{"class":"Workers::CheckBirthday","args":[],"queue":"low","jid":"smoke",
        "retry":false,"created_at":0,"enqueued_at":0}' >/dev/null
    until (($(queue get stat:processed) + 0)); do
        ((SECONDS - begun < 60)) || fail "sidekiq did no job"
        sleep 1
    done
    (($(queue get stat:failed) + 0 == 0)) || fail "sidekiq's job failed"
    say "sidekiq did a job"
}

# Whatever it sees, it must be able to look.
want_worries() {
    local found
    systemctl start diaspora-worries.service || fail "the pod does not look at itself"
    found=$(journalctl --quiet --boot --output=cat --unit=diaspora-worries.service \
        --grep=': not seen: ' || true)
    [[ -z $found ]] || fail "the pod does not see all of itself: $found"
    say "the pod looked at itself"
}

# curl's status: 0 is any answer, 7 is a refusal.
ask_metadata() {
    local status=0
    "$@" curl --silent --output /dev/null --max-time 5 "http://$METADATA/" || status=$?
    echo "$status"
}

# A machine that is none of EC2's gets a metadata service, which clean_up takes away.
give_metadata() {
    ip address add "$METADATA/32" dev lo
    systemd-run --quiet --unit=smoke-metadata python3 -m http.server --bind "$METADATA" 80
    for _ in {1..20}; do
        [[ $(ask_metadata env) != 0 ]] || return 0
        sleep 0.5
    done
}

take_metadata() {
    if systemctl stop smoke-metadata.service 2>/dev/null; then
        ip address delete "$METADATA/32" dev lo
    fi
}

want_firewall() {
    [[ $(ask_metadata env) == 0 ]] || give_metadata
    [[ $(ask_metadata env) == 0 ]] || fail "root does not reach the metadata service"
    [[ $(ask_metadata as_app) == 7 ]] || fail "the application is not refused by the metadata service"
    [[ $(ask_metadata runuser -u diaspora-exports --) == 0 ]] ||
        fail "who signs addresses does not reach the metadata service"
    say "the metadata service is root's, and theirs who sign addresses"
}

# needrestart must see into the units' own mounts, and must not take for old what is not.
want_needrestart() {
    local library
    [[ $(outdated) == "" ]] || fail "needrestart would restart what nobody updated: $(outdated)"
    library=$(realpath "$(ldconfig -p | awk '/libjemalloc\.so\.2 / && !seen++ { print $NF }')")
    cp --preserve=all "$library" "$library.new"
    mv "$library.new" "$library"
    [[ $(outdated) == *diaspora-web.service* ]] ||
        fail "needrestart does not see that a library of the web server was replaced"
    say "needrestart sees a library that was replaced"
}

outdated() {
    needrestart -b -l 2>/dev/null | awk '/^NEEDRESTART-SVC: (diaspora|nginx|redis)/ { print $2 }'
}

# A unit that fails and is there at the next try would do so in each pod.
want_no_second_try() {
    local found
    found=$(systemctl show --property=Id,NRestarts \
        'diaspora-*.service' nginx.service redis-server.service |
        awk -v RS= '!/NRestarts=0/ { print $1, $2 }')
    [[ -z $found ]] || fail "not up at the first try: $found"
}

# apport, for one, has a core pattern of its own.
want_kernel_settings() {
    local name value
    systemctl restart systemd-sysctl.service
    while IFS='= ' read -r name value; do
        [[ $(sysctl --values "$name") == "$value" ]] ||
            fail "$name is $(sysctl --values "$name"), and not $value"
    done < <(grep '^[a-z]' /usr/lib/sysctl.d/60-diaspora.conf)
    say "the kernel's settings are ours"
}

# The next boot makes the file anew.
want_swap() {
    systemctl start swapfile.swap
    [[ $(swapon --show=NAME --noheadings) == *swapfile* ]] || fail "the swap file is not in use"
    systemctl stop swapfile.swap
    rm /swapfile
    say "the swap file was in use"
}

# Only where the kernel has AppArmor and tells.
look_for_denials() {
    local denials
    denials=$(journalctl --quiet --dmesg --boot --grep 'apparmor="DENIED"' 2>/dev/null || true)
    [[ -z $denials ]] || fail "AppArmor denied something: $denials"
}
