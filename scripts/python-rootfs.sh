#!/usr/bin/env bash
# Unpacks Debian's own Python 3 packages into a folder: a small root file system that
# `lazaret image import` turns into an image. Needs no root.
#   usage: python-rootfs.sh FOLDER
set -euo pipefail
root=${1:?usage: python-rootfs.sh FOLDER}
packages=$("$(dirname "$0")/python-packages.sh")

rm -rf "$root"
mkdir -p "$root"
for package in "$packages"/*.deb; do
    dpkg-deb -x "$package" "$root"
done
rm -rf "$root"/usr/share/{doc,man,lintian,locale}

mkdir -p "$root"/{etc,root,tmp,proc,sys,dev,run,bin}
chmod 1777 "$root/tmp"
chmod 700 "$root/root"
printf 'root:x:0:0:root:/root:/bin/sh\nagent:x:1000:1000:agent:/home/agent:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n' >"$root/etc/group"
for applet in sh ls cat echo grep sed id mkdir rm touch sleep mount uname hostname env head tail wc sha256sum; do
    [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
done
# Where scripts look for it.
[ -e "$root/usr/bin/env" ] || ln -s ../../bin/busybox "$root/usr/bin/env"
