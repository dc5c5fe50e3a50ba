#!/usr/bin/env bash
# diaspora*'s gems, exactly those of its lock, for production with PostgreSQL.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

configure_bundler() {
    as_app bin/bundle config set --local path vendor/bundle
    as_app bin/bundle config set --local with postgresql
    as_app bin/bundle config set --local without "test development"
    as_app bin/bundle config set --local frozen true
    as_app bin/bundle config set --local jobs "$(nproc)"
}

# From where the Gemfile says, or from the mirror of that, which the image forgets again.
install_gems() {
    if [[ -n $GEM_SOURCE ]]; then
        say "from the mirror $GEM_SOURCE"
        as_app env "BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/=$GEM_SOURCE" bin/bundle install --quiet
    else
        as_app bin/bundle install --quiet
    fi
}

begin "Installing the gems"
need GEM_SOURCE

# nokogiri, pg and ffi come precompiled, for arm64 too.
install_to_build \
    build-essential \
    libidn-dev \
    libyaml-dev \
    pkg-config \
    ruby-dev
configure_bundler
install_gems
rm -rf "$APP"/vendor/bundle/ruby/*/cache
# What compiling left: half of the gems' size, read by nobody.
find "$APP/vendor/bundle" -name '*.o' -delete
say "$(find "$APP"/vendor/bundle/ruby/*/specifications -name '*.gemspec' | wc -l) gems," \
    "$(du --summarize --human-readable "$APP/vendor/bundle" | cut --fields=1)"
