# shellcheck shell=bash
# Updates arrive by themselves, and what runs takes them up.
set -o errexit -o nounset -o pipefail

# As apt reads them: a file with a later name wins.
check_updates_come_by_themselves() {
    local settings wanted
    settings=$(apt-config --option=Dir="$ROOT/" dump)
    for wanted in \
        'APT::Periodic::Update-Package-Lists "1"' \
        'APT::Periodic::Unattended-Upgrade "1"' \
        'Unattended-Upgrade::Automatic-Reboot "false"'; do
        grep --quiet --fixed-strings --line-regexp "$wanted;" <<<"$settings" ||
            complain "apt's settings lack $wanted"
    done
}

check_no_package_was_changed() {
    local found
    found=$(comm -13 <(sort "$BUILD_DIR/changed-before") <(changed_files))
    [[ -z $found ]] || complain "an update would find changed: $found"
}
