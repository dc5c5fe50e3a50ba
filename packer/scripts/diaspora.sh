#!/usr/bin/env bash
# diaspora*'s source at the chosen tag, what we add to it, and all of it for everybody.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What is ours within the application.
ADDED=/usr/share/diaspora/application

# Files of our own, and one line that lets config/quick_start.rb in.
add_ours() {
    cp --recursive "$ADDED/." "$APP"
    sed --in-place '/^require "bundler\/setup"/a require_relative "quick_start"' "$APP/config/boot.rb"
    [[ $(grep --count '^require_relative "quick_start"$' "$APP/config/boot.rb") == 1 ]] ||
        fail "config/boot.rb is another than it was"
}

# The AGPL wants what runs here to be had by its users, what we added included.
offer_source() {
    local archive=$APP/public/source.tar.gz files
    git -C "$APP" add --all --force
    git -C "$APP" archive --format=tar.gz --output="$archive" --prefix=diaspora/ \
        "$(git -C "$APP" write-tree)"
    # git archive stops half way without a word where the repository lacks something.
    files=$(git -C "$APP" ls-files | wc -l)
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
add_ours
offer_source
rm -rf "$APP/.git"
# Gems and assets are built by the pod's user; ownership.sh takes all of it back.
install --directory --owner="$APP_USER" --group="$APP_USER" /var/lib/diaspora
chown -R "$APP_USER:$APP_USER" "$APP"
