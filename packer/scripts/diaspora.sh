#!/usr/bin/env bash
# diaspora*'s source at the chosen tag, what we add to it, and all of it for everybody.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What is ours within the application.
ADDED=/usr/share/diaspora/application

# The AGPL wants what runs here to be had by its users, what we added included.
offer_source() {
    local archive=$APP/public/source.tar.gz file files
    local -a added=()
    while read -r file; do
        added+=("--prefix=diaspora/$(dirname "$file")/" "--add-file=$ADDED/$file")
    done < <(find "$ADDED" -type f -printf '%P\n')
    git -C "$APP" archive --format=tar.gz --output="$archive" "${added[@]}" --prefix=diaspora/ HEAD
    # git archive stops half way without a word where the repository lacks something.
    files=$(($(git -C "$APP" ls-tree -r HEAD | wc -l) + ${#added[@]} / 2))
    [[ $(tar --list --gzip --file="$archive" | grep --count --invert-match '/$') == "$files" ]] ||
        fail "the source archive is not whole"
}

begin "Fetching diaspora* ${DIASPORA_VERSION:-} from ${DIASPORA_REPOSITORY:-}"
need DIASPORA_REPOSITORY DIASPORA_VERSION

install_to_build git
git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet --depth=1 \
    --branch="$DIASPORA_VERSION" "$DIASPORA_REPOSITORY" "$APP"
git -C "$APP" rev-parse HEAD >"$BUILD_DIR/commit"
say "commit $(cat "$BUILD_DIR/commit")"
offer_source
rm -rf "$APP/.git"
cp --recursive "$ADDED/." "$APP"
# Gems and assets are built by the pod's user; ownership.sh takes all of it back.
install --directory --owner="$APP_USER" --group="$APP_USER" /var/lib/diaspora
chown -R "$APP_USER:$APP_USER" "$APP"
