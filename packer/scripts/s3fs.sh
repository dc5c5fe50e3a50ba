#!/usr/bin/env bash
# The bucket as a folder: s3fs.
set -o errexit -o nounset -o pipefail
source "${BUILD_DIR:?}/scripts/lib.sh"

begin "Installing s3fs"

install_packages s3fs
say "$(s3fs --version | sed -n 1p)"
