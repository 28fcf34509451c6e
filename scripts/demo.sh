#!/usr/bin/env bash
# The main job on real input: a registry, an image, typed artifacts, and an agent in a microVM.
# Keeps what it made in .demo, so that a second run skips what is done.
set -euo pipefail
cd "$(dirname "$0")/.."

bold=$(tput bold 2>/dev/null || true)
plain=$(tput sgr0 2>/dev/null || true)
number=0
step() {
    number=$((number + 1))
    printf '\n%s%d. %s%s\n' "$bold" "$number" "$1" "$plain"
}
show() {
    printf '   $ %s\n' "$*"
    "$@" | sed 's/^/   /'
}

step "Install what is needed: QEMU, a kernel package, the tools to unpack packages"
scripts/setup.sh build run demo
kernel=$(scripts/kernel.sh)
echo "   kernel package: $(basename "$kernel")"

step "Build lazaret"
cargo build --release --package lazaret-cli
PATH=$PWD/target/release:$PATH
export LAZARET_HOME=$PWD/.demo/home
mkdir -p "$LAZARET_HOME"
lazaret --version | sed 's/^/   /'

step "Import the kernel that machines will boot"
if lazaret kernel ls --format json | grep -q '"name"'; then
    echo "   done before"
else
    show lazaret kernel import "$kernel"
fi

step "Make an image with Debian's own Python 3"
if lazaret image inspect demo/python:v1 >/dev/null 2>&1; then
    echo "   done before"
else
    scripts/python-rootfs.sh .demo/python
    show lazaret image import .demo/python demo/python:v1
fi

step "Start a registry on loopback"
lazaret serve --listen 127.0.0.1:0 --root .demo/registry >.demo/serve.log &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    grep -q '^listening on' .demo/serve.log && break
    kill -0 $server
    sleep 0.1
done
registry=$(sed -n 's#^listening on http://##p' .demo/serve.log)
echo "   $ lazaret serve"
echo "   listening on http://$registry"

step "Push the image"
show lazaret push demo/python:v1 "$registry/acme/images/python:v1"

step "Check the artifact files, then push them"
show lazaret validate examples/hello/*.yaml
push() {
    show lazaret push "examples/hello/$1.yaml" "$registry/acme/$2:v1" "${@:3}"
}
push model models/hello-model
push tool tools/hello-tool --content examples/hello/content/tool
push knowledge knowledge/hello-knowledge --content examples/hello/content/knowledge
push app filesets/hello-app --content examples/hello/content/agent
push fileset filesets/hello-files --content examples/hello/content/fileset
push sandbox sandboxes/hello-sandbox
push policy policies/hello-policy
push agent agents/hello-agent
push bundle bundles/hello

step "What went wrong shows before anything is pushed"
printf 'apiVersion: lens.dev/v1alpha1\nkind: Agent\nmetadata: {name: Not A Label}\nspec: {command: 7}\n' >.demo/broken.yaml
echo "   \$ lazaret validate .demo/broken.yaml"
lazaret validate .demo/broken.yaml 2>&1 | sed 's/^/   /' || true

step "Run the bundle: the agent boots in a machine of its own"
echo "   \$ lazaret run --rm $registry/acme/bundles/hello:v1"
lazaret run --rm "$registry/acme/bundles/hello:v1"

step "Nothing is left behind"
kill $server
wait $server || true
trap - EXIT
machines=$(find "$LAZARET_HOME/data/machines" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)
# A machine's emulator ends with the process that holds it. What keeps a template ends by itself.
processes=$(pgrep -fc "hold $LAZARET_HOME/" || true)
echo "   machines: $machines, processes: $processes"
[ "$machines" -eq 0 ] && [ "$processes" -eq 0 ]
