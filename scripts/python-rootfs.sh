#!/usr/bin/env bash
# Unpacks Debian's own Python 3 packages into a folder: a small root file system that
# `lazaret image import` turns into an image. Needs no root.
#   usage: python-rootfs.sh FOLDER
set -euo pipefail
root=${1:?usage: python-rootfs.sh FOLDER}
python=python$(apt-cache depends python3-minimal | sed -n 's/.*Depends: python\(3\.[0-9]*\)-minimal/\1/p' | head -n 1)
packages=("$python" "$python-minimal" "lib$python-minimal" "lib$python-stdlib" python3-minimal
    libc6 libgcc-s1 zlib1g libexpat1 libssl3 libffi8 libbz2-1.0 liblzma5 libsqlite3-0 libuuid1
    libncursesw6 libtinfo6 libreadline8 libnsl2 libtirpc3 libcom-err2 libcrypt1
    busybox-static base-files tzdata media-types)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && apt-get download -qq "${packages[@]}" 2>&1 | grep -v 'unsandboxed as root' >&2 || true)
rm -rf "$root"
mkdir -p "$root"
for package in "$work"/*.deb; do
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
