#!/usr/bin/env bash
# diaspora*'s assets, made here with neither database nor Redis.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

source "$BUILD_DIR/pins.env"

# Just enough for Rails to load. The real ones are written at boot.
settings_for_building() {
    cat >"$APP/config/database.yml" <<'YAML'
production:
  adapter: postgresql
YAML
    cat >"$APP/config/diaspora.toml" <<'TOML'
[configuration.environment]
url = "https://pod.example.invalid/"
certificate_authorities = "/etc/ssl/certs/ca-certificates.crt"

[production]
TOML
}

# Rails makes secrets wherever it is loaded. Shared by everybody who starts this image, they would
# let anybody forge a session.
forget_settings() {
    rm -f "$APP"/config/{database.yml,diaspora.toml,oidc_key.pem,schedule.yml} \
        "$APP/config/initializers/secret_token.rb" /tmp/ruby-uuid
}

# Names that hold their content's fingerprint, and what they mean. Not the compressed ones beside them,
# which nginx makes by itself.
list_assets() {
    (
        cd "$APP/public/assets"
        find . -type f -regextype posix-extended -regex '\./[^.].*-[0-9a-f]{64}\.[A-Za-z0-9.]+' \
            ! -name '*.gz' -printf '%P\n' | sort | xargs --delimiter='\n' sha256sum
    )
}

# What pods of this image believe of a bucket: assets of this release and of those before.
know_assets() {
    local own=$BUILD_DIR/own-assets.sha256 committed=$BUILD_DIR/assets/$DIASPORA_VERSION.sha256
    list_assets >"$own"
    if [[ -f $committed ]] && ! cmp --quiet "$own" "$committed"; then
        say "they are not those of packer/assets/$DIASPORA_VERSION.sha256"
    fi
    cat "$own" "$BUILD_DIR"/assets/*.sha256 | sort --unique >/usr/share/diaspora/assets.sha256
}

begin "Making the assets"
need DIASPORA_VERSION NPM_REGISTRY YARN_VERSION

install_to_build nodejs npm
registry=()
if [[ -n $NPM_REGISTRY ]]; then
    say "from the registry $NPM_REGISTRY"
    registry=("npm_config_registry=$NPM_REGISTRY")
fi
quietly env "${registry[@]}" npm install --global --no-audit --no-fund --loglevel=error "yarn@$YARN_VERSION"
# Ubuntu's nodejs brings a yarn of its own along, which fetches another one.
found=$(yarn --version)
[[ $found == "$YARN_VERSION" ]] || fail "yarn is $found, and not the one of pins.env"
settings_for_building
quietly as_app env "${registry[@]}" bin/rake assets:precompile
forget_settings
know_assets
rm -rf "$APP/node_modules" "$APP"/{tmp,log}/* /var/lib/diaspora/{.,}[!.]*
say "$(find "$APP/public/assets" -type f | wc -l) files," \
    "$(du --summarize --human-readable "$APP/public/assets" | cut --fields=1)"
