#!/usr/bin/env bash
# Installs schemathesis, once, which tries the API of the daemon. Prints its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=target/tools/schemathesis-1

if [ ! -x "$folder/bin/st" ]; then
    echo "schemathesis: installing" >&2
    unfinished=$folder.$$
    trap 'rm -rf "$unfinished"' EXIT
    mkdir -p target/tools
    python3 -m venv --copies "$unfinished"
    "$unfinished/bin/python3" -m pip install -q --disable-pip-version-check --no-compile \
        "schemathesis==4.32.5"
    # Nothing of it but bin/pip, bin/st and the like has the folder's name inside.
    [ -x "$folder/bin/st" ] || mv -T "$unfinished" "$folder"
fi
echo "$folder"
