#!/usr/bin/env bash
# The ways in: AWS's agents on Ubuntu. Nobody has a password.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# Session Manager's agent and EC2 Instance Connect.
install_agents() {
    case $(distribution) in
    ubuntu)
        snap list amazon-ssm-agent >/dev/null 2>&1 || snap install amazon-ssm-agent --classic
        apt install --no-install-recommends ec2-instance-connect
        ;;
    debian)
        say "Debian has neither Session Manager's agent nor Instance Connect: a rehearsal"
        ;;
    *)
        fail "$(distribution) is not known here"
        ;;
    esac
}

begin "Preparing the ways in"

install_packages openssh-server
install_agents
passwd --quiet --lock root
# Of all that its files say, what holds.
grep --quiet --line-regexp 'passwordauthentication no' <<<"$(sshd -T)" ||
    fail "sshd dislikes its configuration, or takes passwords"
