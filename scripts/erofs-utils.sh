#!/usr/bin/env bash
# Builds mkfs.erofs from Debian's source of erofs-utils 1.8.6, once, for the benchmarks: the package of this
# release cannot read tar. Prints the path of the program.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.8.6
sha256=5b221dc3fd6d151425b30534ede46fb7a90dc233a8659cba0372796b0a066547
folder=$PWD/target/tools/erofs-utils-$version
program=$folder/mkfs/mkfs.erofs
if [ ! -x "$program" ]; then
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
echo "$program"
