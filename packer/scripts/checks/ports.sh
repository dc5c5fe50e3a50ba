# shellcheck shell=bash
# Reachable from outside: ssh, nginx, and the answers to the machine's own DHCP.
set -o errexit -o nounset -o pipefail
MEANT_PORTS='tcp:22|tcp:80|udp:68|udp:546'

check_ports() {
    local listening found
    listening=$(ss --no-header --listening --tcp --udp --numeric)
    found=$(awk '{ split($5, part, ":"); port = part[length(part)]
                   address = substr($5, 1, length($5) - length(port) - 1)
                   print $1, address, port }' <<<"$listening" |
        grep --invert-match --extended-regexp ' (127\.[0-9.]+|\[::1\])(%[a-z0-9]+)? ' |
        awk '{ print $1 ":" $3 " at " $2 }' |
        grep --invert-match --extended-regexp "^($MEANT_PORTS) " || true)
    [[ -z $found ]] || complain "listening ports: $found"
}
