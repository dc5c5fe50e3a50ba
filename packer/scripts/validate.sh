#!/usr/bin/env bash
# Proves the finished image. Each check is a function of checks/; what one complains about fails the
# build. IMAGE_ROOT is the tree to look at (the machine itself by default); arguments name the
# checks to run (all by default).
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

ROOT=${IMAGE_ROOT:-}
COMPLAINTS=0

# One clear line.
complain() {
    echo "   $CHECK: ${*//$'\n'/ }" >&2
    COMPLAINTS=$((COMPLAINTS + 1))
}

# Patterns of paths that must match nothing, or something.
absent() {
    local pattern
    for pattern; do
        if compgen -G "$ROOT$pattern" >/dev/null; then
            complain "left in the image: $(compgen -G "$ROOT$pattern")"
        fi
    done
}

present() {
    local pattern
    for pattern; do
        compgen -G "$ROOT$pattern" >/dev/null || complain "missing: $pattern"
    done
}

for file in "$BUILD_DIR"/scripts/checks/*.sh; do
    # shellcheck source=/dev/null
    source "$file"
done

begin "Proving the image"
checks=("$@")
if [[ ${#checks[@]} == 0 ]]; then
    mapfile -t checks < <(compgen -A function check_)
fi
for CHECK in "${checks[@]}"; do
    "$CHECK"
done
((COMPLAINTS == 0)) || fail "$COMPLAINTS complaints about the image"
say "${#checks[@]} checks passed"
if [[ -z $ROOT ]]; then
    rm -rf "$BUILD_DIR"
fi
