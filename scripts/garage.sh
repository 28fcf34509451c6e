#!/usr/bin/env bash
# Builds garage, an S3 server for `make test-garage`, once: about 20 minutes. Prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."
version=2.5.0
folder=target/tools/garage

if [ "$("$folder/bin/garage" --version 2>/dev/null | grep -o "v\?$version" | head -n 1)" = "" ]; then
    echo "garage: building version $version" >&2
    cargo install garage --version "$version" --locked --quiet --root "$folder" --target-dir target/garage
fi
echo "$folder/bin/garage"
