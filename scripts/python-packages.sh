#!/usr/bin/env bash
# Fetches the packages of Debian's own Python 3 once, and of busybox as its shell. Prints their folder.
set -euo pipefail
folder=$(cd "$(dirname "$0")/.." && pwd)/target/python

if [ ! -e "$folder/complete" ]; then
    python=python$(apt-cache depends python3-minimal | sed -n 's/.*Depends: python\(3\.[0-9]*\)-minimal/\1/p' | head -n 1)
    packages=("$python" "$python-minimal" "lib$python-minimal" "lib$python-stdlib" python3-minimal
        libc6 libgcc-s1 zlib1g libexpat1 libssl3 libffi8 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1
        libncursesw6 libtinfo6 libreadline8 libnsl2 libtirpc3 libcom-err2 libcrypt1
        busybox-static base-files tzdata media-types)
    rm -rf "$folder"
    mkdir -p "$folder"
    (cd "$folder" && apt-get download -qq "${packages[@]}" 2>&1 | grep -v 'unsandboxed as root' >&2 || true)
    [ "$(find "$folder" -name '*.deb' | wc -l)" -eq ${#packages[@]} ] || {
        echo "python: not all packages could be fetched" >&2
        exit 1
    }
    touch "$folder/complete"
fi
echo "$folder"
