#!/usr/bin/env bash
# Installs docker-registry-client for Node.js, once, as a client of registries. Prints its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=target/tools/node-clients-1

if [ ! -d "$folder" ]; then
    echo "node-clients: installing" >&2
    unfinished=$folder.$$
    trap 'rm -rf "$unfinished"' EXIT
    mkdir -p "$unfinished"
    echo '{"private": true}' >"$unfinished/package.json"
    # No package may run code of its own here.
    (cd "$unfinished" && npm install --silent --no-audit --no-fund --ignore-scripts docker-registry-client@3.3.0 >&2)
    [ -d "$folder" ] || mv -T "$unfinished" "$folder"
fi
echo "$folder"
