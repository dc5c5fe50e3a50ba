# shellcheck shell=bash
# Nobody logs in but by Session Manager, EC2 Instance Connect or the chosen key.
set -o errexit -o nounset -o pipefail

SERVICE_USERS='diaspora|diaspora-exports|redis|www-data|ec2-instance-connect'

check_app_user_has_no_sudo() {
    local found
    found=$(grep --recursive --no-messages --extended-regexp \
        "^[[:space:]]*(User_Alias.*)?($SERVICE_USERS|%($SERVICE_USERS)|ALL)\b" \
        "$ROOT"/etc/{sudoers,sudoers.d,sudoers-rs} || true)
    [[ -z $found ]] || complain "sudo for a service's user: $found"
    found=$(grep --extended-regexp \
        "^(root|sudo|admin|wheel|adm|disk|shadow|lxd|docker):.*[:,]($SERVICE_USERS)(,|$)" \
        "$ROOT/etc/group" || true)
    [[ -z $found ]] || complain "a service's user is in $found"
}

check_no_password() {
    local found
    found=$(awk -F: '$2 !~ /^[!*]/ { print $1 }' "$ROOT/etc/shadow")
    [[ -z $found ]] || complain "accounts with a password, or with none at all: $found"
}

# People are root and who came with the system's image; all others are services.
check_services_have_no_shell() {
    local found
    found=$(awk -F: '$3 != 0 && $3 < 1000 && $7 ~ /\/(ba|da|z|fi|tc|c|k)?sh$/ { print $1 }' \
        "$ROOT/etc/passwd")
    [[ -z $found ]] || complain "services with a shell: $found"
    found=$(awk -F: '$3 == 0 && $1 != "root" { print $1 }' "$ROOT/etc/passwd")
    [[ -z $found ]] || complain "accounts with root's number: $found"
}

# sshd believes the first file that says it.
check_ssh_wants_keys() {
    local first
    first=$(awk 'tolower($1) == "passwordauthentication" { print tolower($2); exit }' \
        "$ROOT"/etc/ssh/sshd_config.d/*.conf)
    [[ $first == no ]] || complain "sshd takes passwords"
}
