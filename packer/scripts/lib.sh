# shellcheck shell=bash
# What the scripts of the build share. Each starts with:
#   source "${BUILD_DIR:?}/scripts/lib.sh"
set -o errexit -o nounset -o pipefail

export DEBIAN_FRONTEND=noninteractive
# One order for all: comm of uutils found unsorted what sort had made in the order of a language.
export LC_ALL=C.UTF-8
# Ubuntu restarts services after an installation. While baking it must not.
export NEEDRESTART_SUSPEND=1

APP=/opt/diaspora
APP_USER=diaspora

# They would write again what cleanup deletes: some go on, others write while they end, which they
# would do at the latest when the machine is shut down to become an image. sshd stays, for Packer.
# shellcheck disable=SC2034  # cleanup ends them, and a check looks for them.
WRITERS=(
    amazon-ssm-agent.service snap.amazon-ssm-agent.amazon-ssm-agent.service
    chrony.service chronyd.service systemd-timesyncd.service
    rsyslog.service syslog.socket
    snapd.service snapd.socket
    systemd-random-seed.service
    unattended-upgrades.service
)

# What this script is for; its end says how long it took.
begin() {
    TITLE=$1
    echo "== $TITLE"
    trap 'ended "$?"' EXIT
}

ended() {
    if [[ $1 == 0 ]]; then
        echo "== $TITLE: done in $SECONDS s"
    else
        echo "== $TITLE: FAILED after $SECONDS s" >&2
    fi
}

say() {
    echo "   $*"
}

fail() {
    echo "   $*" >&2
    exit 1
}

# Ends the script unless each of these variables is set. Empty is a value.
need() {
    local name
    for name; do
        [[ -v $name ]] || fail "the variable $name is not set"
    done
}

# debian or ubuntu.
distribution() {
    (
        # shellcheck source=/dev/null
        source /etc/os-release
        echo "$ID"
    )
}

# Shows what a command says only where it fails.
quietly() {
    local log
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        rm "$log"
        fail "failed: $*"
    }
    rm "$log"
}

# Our own configuration files are there already and win over the packages'. The time-out is for dpkg's
# lock, and for no other.
apt() {
    quietly apt-get --quiet=2 --yes \
        --option=DPkg::Lock::Timeout=300 \
        --option=Dpkg::Use-Pty=0 \
        --option=Dpkg::Options::=--force-confold \
        --option=Acquire::Retries=3 \
        "$@"
}

# Fetches the lists of packages. Their lock is waited for by nobody, and a list that does not come is no
# error by itself.
update_lists() {
    local left
    for left in 5 4 3 2 1 0; do
        if (apt update --error-on=any); then
            return
        fi
        say "the lists of packages: $left tries left"
        sleep "${APT_PAUSE:-20}"
    done
    fail "the lists of packages cannot be had"
}

# What packages brought and is another now. Where that is a conffile, unattended-upgrades leaves the
# package as it is, for somebody would have to be asked.
changed_files() {
    dpkg --root="${ROOT:-/}" --verify | awk '/^..5/ { print $NF }' | sort
}

# Installs packages that the machine keeps.
install_packages() {
    say "packages: $*"
    apt install --no-install-recommends "$@"
    apt-mark manual "$@" >/dev/null
}

installed_packages() {
    dpkg-query --show --showformat '${Package}\n' | sort
}

# Installs packages that only building needs. slim.sh takes them away, and what they brought along.
install_to_build() {
    local before
    before=$(installed_packages)
    say "packages for building only: $*"
    apt install --no-install-recommends "$@"
    apt-mark auto "$@" >/dev/null
    {
        printf '%s\n' "$@"
        comm -13 <(echo "$before") <(installed_packages)
    } >>"$BUILD_DIR/build-packages"
}

# Runs a command as the pod's user in the application's folder, with an environment of its own.
as_app() {
    (cd "$APP" && setpriv --reuid="$APP_USER" --regid="$APP_USER" --init-groups --reset-env \
        env RAILS_ENV=production "$@")
}
