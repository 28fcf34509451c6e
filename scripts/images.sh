#!/usr/bin/env bash
# Makes four images of different make, once, for the tests that boot disks and compare trees. Each is
# an OCI layout with the tag v1 below target/images. Takes root and about four minutes.
#   debian    systemd and sshd without host keys; packed by umoci, gzip
#   plain     Debian with neither; openssh-server lies in a package repository of its own; by buildah
#   busybox   busybox and nothing else, as Alpine is built; by umoci, two layers
#   static    no shell and no C library, as distroless images; by buildah, zstd
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/images
[ -e "$out/complete" ] && exit 0
work=$(mktemp -d "${TMPDIR:-/tmp}/images.XXXXXX")
storage=(--root "$work/storage" --runroot "$work/run")
cleanup() {
    umount "$work/storage/overlay" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap cleanup EXIT
rm -rf "$out" && mkdir -p "$out" "$work/debs/partial"

mirror=$(apt-get indextargets --format '$(SITE)|$(CODENAME)|$(REPO_URI)' |
    awk -F'|' '$2 == "bookworm" { print $3; exit }')
[ -n "$mirror" ] || { echo "images: no bookworm mirror in apt's sources" >&2; exit 1; }

bootstrap() { # TREE [OPTION...]
    local tree=$1
    shift
    debootstrap --variant=minbase --cache-dir="$work/debs" "$@" bookworm "$tree" "$mirror" \
        >"$work/log" 2>&1 || { tail -n 5 "$work/log" >&2; exit 1; }
    rm -rf "$tree"/var/cache/apt/archives/*.deb "$tree"/var/lib/apt/lists/*
}
by_umoci() { # NAME TREE...
    local layout=$out/$1 tree
    shift
    umoci init --layout "$layout"
    umoci new --image "$layout:v1"
    umoci unpack --image "$layout:v1" "$work/bundle"
    for tree in "$@"; do
        cp -a "$tree/." "$work/bundle/rootfs/"
        umoci repack --refresh-bundle --image "$layout:v1" "$work/bundle"
    done
    umoci gc --layout "$layout"
    rm -rf "$work/bundle"
}
by_buildah() { # LAYOUT TREE
    local container mounted
    container=$(buildah "${storage[@]}" from scratch)
    mounted=$(buildah "${storage[@]}" mount "$container")
    cp -a "$2/." "$mounted/"
    buildah "${storage[@]}" umount "$container" >/dev/null
    buildah "${storage[@]}" commit -q --rm "$container" "oci:$1:v1" >/dev/null
}

bootstrap "$work/debian" --include=systemd-sysv,dbus,openssh-server,iproute2
rm -f "$work"/debian/etc/ssh/ssh_host_* "$work/debian/etc/resolv.conf"
by_umoci debian "$work/debian" 2>/dev/null

bootstrap "$work/plain"
mkdir -p "$work/closure/partial" "$work/plain/srv/packages"
apt-get -y -qq --no-install-recommends -o Dir::State::status="$work/plain/var/lib/dpkg/status" \
    -o Dir::Cache::archives="$work/closure" -o APT::Sandbox::User=root --download-only \
    install openssh-server >/dev/null
cp "$work"/closure/*.deb "$work/plain/srv/packages/"
(cd "$work/plain/srv/packages" && dpkg-scanpackages -m . 2>/dev/null >Packages)
echo "deb [trusted=yes] file:/srv/packages ./" >"$work/plain/etc/apt/sources.list"
by_buildah "$out/plain" "$work/plain"

mkdir -p "$work"/busybox/{bin,sbin,etc,root,tmp,dev,proc,sys,run,usr/bin,usr/sbin}
chmod 1777 "$work/busybox/tmp"
cp /bin/busybox "$work/busybox/bin/busybox"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$work/busybox/etc/passwd"
printf 'root:x:0:\n' >"$work/busybox/etc/group"
mkdir -p "$work/applets"
chroot "$work/busybox" /bin/busybox --install -s
mkdir -p "$work/applets/etc" && echo "3.21.0" >"$work/applets/etc/alpine-release"
by_umoci busybox "$work/busybox" "$work/applets" 2>/dev/null

mkdir -p "$work"/static/{etc/ssl/certs,home/nonroot,proc,tmp}
chmod 1777 "$work/static/tmp"
cp /bin/busybox "$work/static/busybox"
cp -L /etc/ssl/certs/ca-certificates.crt "$work/static/etc/ssl/certs/" 2>/dev/null || true
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n' \
    >"$work/static/etc/passwd"
chown 65532:65532 "$work/static/home/nonroot"
by_buildah "$work/static.gzip" "$work/static"
skopeo --insecure-policy copy -q --dest-compress-format zstd "oci:$work/static.gzip:v1" "oci:$out/static:v1"
touch "$out/complete"
