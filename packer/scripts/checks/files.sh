# shellcheck shell=bash
# What must be there, what must not, and who may write it.
set -o errexit -o nounset -o pipefail

OWNER=${IMAGE_OWNER:-root}
LEAST_FREE_MB=1024

NEEDED_PROGRAMS=(
    convert curl diaspora-pod identify mountpoint needrestart nft nginx pg_dump python3 redis-server
    ruby s3fs sshd unattended-upgrade
)
FORBIDDEN_PROGRAMS=(
    as bison c++ cc cmake cpp g++ gcc git ld make node nodejs npm npx yarn yarnpkg
)

programs() {
    find "$ROOT"/{usr/local/,usr/,}{bin,sbin} -maxdepth 1 \( -type f -o -type l \) \
        -printf '%f\n' 2>/dev/null | sort -u
}

check_needed_programs() {
    local missing
    missing=$(comm -23 <(printf '%s\n' "${NEEDED_PROGRAMS[@]}" | sort) <(programs))
    [[ -z $missing ]] || complain "missing programs: $missing"
}

# A compiler is a burglar's tool, and 700 MB.
check_no_build_tool() {
    local found
    found=$(comm -12 <(printf '%s\n' "${FORBIDDEN_PROGRAMS[@]}" | sort) <(programs))
    [[ -z $found ]] || complain "left from building: $found"
    found=$(dpkg-query --admindir="$ROOT/var/lib/dpkg" --show \
        --showformat '${db:Status-Abbrev}${Package}\n' 2>/dev/null |
        awk '/^ii/ && $2 ~ /-dev$|^(gcc|g\+\+|cpp)(-[0-9]+)?$/ { print $2 }')
    [[ -z $found ]] || complain "packages left from building: $found"
    absent /opt/diaspora/node_modules /opt/diaspora/.git /usr/local/lib/node_modules
}

check_needed_files() {
    present /opt/diaspora/bin/puma /opt/diaspora/public/source.tar.gz \
        '/opt/diaspora/public/assets/.sprockets-manifest-*.json' \
        '/opt/diaspora/vendor/compiled/*/bootsnap/compile-cache-iseq' \
        /usr/share/diaspora/{assets.sha256,manifest.json,rds-ca.pem} \
        /usr/share/diaspora/pod.schema.json /etc/ssl/certs/ca-certificates.crt \
        /usr/lib/systemd/system/{diaspora-,nginx}.service.d/20-hardening.conf
}

check_libraries() {
    local missing known library
    missing=$(find "$ROOT/opt/diaspora/vendor/bundle" -name '*.so' -exec ldd {} + |
        awk '/not found/ { print $1 }' | sort -u)
    [[ -z $missing ]] || complain "missing libraries: $missing"
    known=$(ldconfig -p)
    for library in libcurl.so.4 libjemalloc.so.2; do
        grep --quiet --fixed-strings "$library " <<<"$known" ||
            complain "missing library: $library"
    done
}

# The pod may write into three folders only; what runs belongs to root.
check_code_is_read_only() {
    local app=$ROOT/opt/diaspora found
    found=$(find "$app" "$ROOT"/usr/{lib/diaspora,libexec/diaspora,share/diaspora} \
        \( -path "$app/tmp" -o -path "$app/log" -o -path "$app/public/uploads/tmp" \) -prune \
        -o ! -type l \( ! -user "$OWNER" -o -perm /022 \) -print 2>/dev/null | sed -n 1,10p)
    [[ -z $found ]] || complain "the pod could change its own code: $found"
}

# A photo that is written while nothing is mounted would be lost.
check_uploads_wait_for_the_bucket() {
    local folder mode
    for folder in images users; do
        mode=$(stat --format=%a "$ROOT/opt/diaspora/public/uploads/$folder" 2>/dev/null || true)
        [[ $mode == 555 ]] || complain "public/uploads/$folder has mode ${mode:-none}, not 555"
        absent "/opt/diaspora/public/uploads/$folder/*"
    done
    # One of the build's.
    absent '/var/cache/diaspora-photos/*'
}

check_free_disk() {
    local free inodes
    read -r free inodes < <(df --output=avail,iavail --block-size=1M "$ROOT/" | tail -n 1)
    ((free >= LEAST_FREE_MB)) || complain "only $free MB of disk are free"
    [[ $inodes == - || $inodes == 0 ]] || ((inodes >= 50000)) || complain "only $inodes inodes are free"
}
