#!/usr/bin/env bash
# Builds erofs-utils 1.8.6 from Debian's source, once: fsck.erofs for the tests, mkfs.erofs for the benchmarks.
# The package of this release knows neither Zstandard nor tar.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.8.6
sha256=5b221dc3fd6d151425b30534ede46fb7a90dc233a8659cba0372796b0a066547
folder=$PWD/target/tools/erofs-utils-$version
if [ ! -x "$folder/fsck/fsck.erofs" ]; then
    mkdir -p target/tools
    mirror=$(apt-get indextargets --format '$(CODENAME)|$(REPO_URI)' | awk -F'|' '$1 == "bookworm" { print $2; exit }')
    archive=target/tools/erofs-utils.tar.gz
    /usr/lib/apt/apt-helper download-file "${mirror%/}/pool/main/e/erofs-utils/erofs-utils_$version.orig.tar.gz" \
        "$archive" "SHA256:$sha256" >&2
    tar -C target/tools -xzf "$archive"
    (
        cd "$folder"
        ./autogen.sh && ./configure --disable-fuse --without-selinux --disable-shared && make -j2
    ) >target/tools/erofs-utils.log 2>&1 || { tail -n 5 target/tools/erofs-utils.log >&2; exit 1; }
fi
