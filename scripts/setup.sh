#!/usr/bin/env bash
# Installs the Debian packages that a make target needs; says nothing when all are there.
#   usage: setup.sh GROUP...      groups: build run test demo fuzz images clients
set -euo pipefail

declare -A packages=(
    [build]="autoconf automake gcc libc6-dev libtool make nasm"
    [run]="qemu-system-x86"
    [test]="tmux cryptsetup-bin e2fsprogs erofs-utils openssh-client openssl time skopeo podman containerd docker.io uidmap umoci busybox-static docker-registry apache2-utils cpio curl iproute2 xz-utils postgresql python3 python3-venv strace buildah s6 execline nodejs npm liblz4-dev libzstd-dev pkg-config uuid-dev zlib1g-dev"
    [bench]="nginx-light"
    [demo]="dpkg openssl procps python3"
    [fuzz]="g++"
    [clients]="debootstrap dpkg-dev umoci git"
    [images]="buildah debootstrap dpkg-dev umoci skopeo"
)
wanted=()
for group in "$@"; do
    # shellcheck disable=SC2206  # a list of words
    wanted+=(${packages[$group]:?unknown group $group})
done
# Another Node.js than Debian's will do.
if command -v npm >/dev/null; then
    for index in "${!wanted[@]}"; do
        case ${wanted[index]} in nodejs | npm) unset "wanted[index]" ;; esac
    done
fi

command -v cargo >/dev/null || {
    echo "setup: Rust is missing; install it with rustup (https://rustup.rs)" >&2
    exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    echo "setup: this is not a Debian system; make sure these packages (Debian names) are installed:" >&2
    printf '  %s\n' "${wanted[@]}" >&2
    exit 0
fi

missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "setup: installing ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
