#!/usr/bin/env bash
# Compiles all Ruby that the application may load, gems and Ruby's own library included, and reads its
# YAML, so that no start of the pod has to. Nothing of the application runs for it.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

# What bootsnap's own command does, which is in no bundle. config/quick_start.rb knows where to.
compile() {
    quietly as_app bin/bundle exec ruby -r ./config/quick_start -e '
        QuickStart.with_bootsnap { require "bootsnap/cli" }
        exit Bootsnap::CLI.new(["--cache-dir", QuickStart::CACHE, *ARGV]).run
    ' precompile --gemfile --no-json app lib config
}

begin "Compiling the application"

install_packages ruby-bootsnap
compiled=$(as_app ruby -r ./config/quick_start -e 'print QuickStart::CACHE')
as_app mkdir --parents "$compiled"
compile
say "$(find "$compiled" -type f | wc -l) files," \
    "$(du --summarize --human-readable "$compiled" | cut --fields=1)"
