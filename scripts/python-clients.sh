#!/usr/bin/env bash
# Installs httpx with HTTP/2 and oras for Python, once, as clients of registries. Prints their folder.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=target/tools/python-clients-2

if [ ! -x "$folder/bin/python3" ]; then
    echo "python-clients: installing" >&2
    unfinished=$folder.$$
    trap 'rm -rf "$unfinished"' EXIT
    mkdir -p target/tools
    python3 -m venv --copies "$unfinished"
    "$unfinished/bin/python3" -m pip install -q --disable-pip-version-check --no-compile \
        "httpx[http2]==0.28.1" "oras==0.2.43"
    # Nothing of it but bin/pip and the like has the folder's name inside.
    [ -x "$folder/bin/python3" ] || mv -T "$unfinished" "$folder"
fi
echo "$folder"
