#!/usr/bin/env bash
# What is in this image, for whoever asks later.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Writing the manifest"
need IMAGE_NAME DIASPORA_REPOSITORY DIASPORA_VERSION

python3 "$BUILD_DIR/scripts/manifest.py" "$BUILD_DIR" >/usr/share/diaspora/manifest.json
say "$(wc -c </usr/share/diaspora/manifest.json) bytes"
