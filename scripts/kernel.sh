#!/usr/bin/env bash
# Fetches Debian's cloud kernel package once, for the demo, the tests and the benchmarks.
# Prints the path of the package. Set LAZARET_TEST_KERNEL to use another one.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=target/kernel

existing=$(ls "$folder"/linux-image-*.deb 2>/dev/null | head -n 1 || true)
if [ -n "$existing" ]; then
    echo "$existing"
    exit 0
fi
mkdir -p "$folder"
# The image package is named by version; the meta package says which one is current.
image() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        awk '$1 == "Depends:" && $2 ~ /^linux-image-[0-9]/ { print $2; exit }'
}
name=$(image)
if [ -z "$name" ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    name=$(image)
fi
[ -n "$name" ] || {
    echo "kernel: no linux-image-cloud-amd64 in the package index" >&2
    exit 1
}
(cd "$folder" && apt-get download -qq "$name" 2>&1 | grep -v 'unsandboxed as root' >&2 || true)
ls "$folder"/linux-image-*.deb
