#!/usr/bin/env bash
# diaspora*'s source at the chosen tag, its source for everybody, and a quiet landing page.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# A landing page that asks nothing of the database: other pods ask for it every day.
quiet_landing_page() {
    echo '= render template: "home/default"' >"$APP/app/views/home/_show.html.haml"
}

# The AGPL wants what runs here to be had by its users, the landing page included.
offer_source() {
    local archive=$APP/public/source.tar.gz files
    git -C "$APP" archive --format=tar.gz --output="$archive" \
        --prefix=diaspora/app/views/home/ --add-file="$APP/app/views/home/_show.html.haml" \
        --prefix=diaspora/ HEAD
    # git archive stops half way without a word where the repository lacks something.
    files=$(git -C "$APP" ls-tree -r HEAD | wc -l)
    [[ $(tar --list --gzip --file="$archive" | grep --count --invert-match '/$') == $((files + 1)) ]] ||
        fail "the source archive is not whole"
}

begin "Fetching diaspora* ${DIASPORA_VERSION:-} from ${DIASPORA_REPOSITORY:-}"
need DIASPORA_REPOSITORY DIASPORA_VERSION

install_to_build git
git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet --depth=1 \
    --branch="$DIASPORA_VERSION" "$DIASPORA_REPOSITORY" "$APP"
git -C "$APP" rev-parse HEAD >"$BUILD_DIR/commit"
say "commit $(cat "$BUILD_DIR/commit")"
quiet_landing_page
offer_source
rm -rf "$APP/.git"
# Gems and assets are built by the pod's user; ownership.sh takes all of it back.
install --directory --owner="$APP_USER" --group="$APP_USER" /var/lib/diaspora
chown -R "$APP_USER:$APP_USER" "$APP"
