#!/usr/bin/env bash
# Builds the vsock device of the rust-vmm project, once: tests give it to the stand-ins of other hypervisors.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.3.0
folder=$PWD/target/tools/vhost-device-vsock-$version
if [ ! -x "$folder/bin/vhost-device-vsock" ]; then
    mkdir -p target/tools
    CARGO_TARGET_DIR=$folder.build cargo install --quiet --locked --root "$folder" \
        --version "$version" vhost-device-vsock >&2
    rm -rf "$folder.build"
fi
