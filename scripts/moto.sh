#!/usr/bin/env bash
# Installs moto, the S3 server that the tests start, once. Prints its folder.
set -euo pipefail
cd "$(dirname "$0")/.."
version=5.2.5
folder=target/tools/moto-$version

if [ ! -x "$folder/bin/python3" ]; then
    echo "moto: installing version $version" >&2
    unfinished=$folder.$$
    trap 'rm -rf "$unfinished"' EXIT
    mkdir -p target/tools
    python3 -m venv --copies "$unfinished"
    # The server needs Flask; the rest of moto[server] is for services other than S3.
    "$unfinished/bin/python3" -m pip install -q --disable-pip-version-check --no-compile \
        "moto[s3]==$version" "flask>=3,<4" "flask-cors>=5"
    # Nothing of it but bin/pip and the like has the folder's name inside.
    [ -x "$folder/bin/python3" ] || mv -T "$unfinished" "$folder"
fi
echo "$folder"
