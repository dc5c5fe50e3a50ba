#!/usr/bin/env bash
# Photos: ImageMagick, which must speak WebP, and the fonts of the captcha.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Installing ImageMagick"

install_packages \
    fonts-urw-base35 \
    imagemagick
for program in convert identify; do
    command -v "$program" >/dev/null || fail "ImageMagick brought no $program"
done
grep --quiet 'WEBP.* rw' <<<"$(convert -list format)" || fail "ImageMagick cannot read and write WebP"
