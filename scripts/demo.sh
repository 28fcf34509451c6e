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

step "Start a service that needs a key, on loopback"
rm -rf .demo/service && mkdir -p .demo/service
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=demo" 2>/dev/null \
    -addext "subjectAltName=DNS:api.greetings.example,DNS:news.greetings.example" \
    -addext "basicConstraints=critical,CA:FALSE" \
    -keyout .demo/service/key.pem -out .demo/service/cert.pem
python3 scripts/demo/service.py .demo/service/cert.pem .demo/service/key.pem >.demo/service.log &
service=$!
trap 'kill $server $service 2>/dev/null; wait $server $service 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [ -s .demo/service.log ] && break
    kill -0 $service
    sleep 0.1
done
port=$(head -n 1 .demo/service.log)
for file in examples/hello/service/*.yaml; do
    sed "s/8443/$port/" "$file" >".demo/service/$(basename "$file")"
done
# By this file its certificate is verified.
export SSL_CERT_FILE=$PWD/.demo/service/cert.pem
service() {
    show lazaret push ".demo/service/$1.yaml" "$registry/acme/$2:v1"
}
service integration integrations/greetings
service policy policies/hello-caller
service agent agents/hello-caller
service bundle bundles/hello-caller
echo '   $ lazaret connect greetings --integration integration.yaml --secret-stdin'
echo "the-real-key" |
    lazaret connect greetings --integration .demo/service/integration.yaml --secret-stdin | sed 's/^/   /'

# Both names lead to this host here; elsewhere they would be looked up.
caller=(lazaret run --rm --add-host api.greetings.example:host-gateway
    --add-host news.greetings.example:host-gateway)
call() { # [FLAG...] URL
    local url=${*: -1}
    local flags=${*:1:$#-1}
    echo "   \$ lazaret run --rm ${flags:+$flags }$registry/acme/bundles/hello-caller:v1 -- $url"
    "${caller[@]}" "${@:1:$#-1}" "$registry/acme/bundles/hello-caller:v1" -- "$url"
}
step "The agent calls it: the service sees the key, the agent never does"
call "https://api.greetings.example:$port/greeting"
sed -n '2,$s/^/   service: /p' .demo/service.log
grep -q "with the key the-real-key" .demo/service.log

step "Another host is refused, and the answer says what would permit it"
if call "https://news.greetings.example:$port/today"; then
    echo "demo: a host that nothing permits was reached" >&2
    exit 1
fi

step "With a rule that asks, the request waits for a person, who approves it"
# A policy of the user takes the place of the bundle's.
echo "integrations: [greetings]" >.demo/service/asks.yaml
show lazaret policy ask news.greetings.example --policy .demo/service/asks.yaml
call --policy .demo/service/asks.yaml "https://news.greetings.example:$port/today" &
waiting=$!
for _ in $(seq 600); do
    request=$(lazaret -q approve)
    [ -z "$request" ] || break
    kill -0 $waiting
    sleep 0.1
done
show lazaret approve
show lazaret approve "$request"
wait $waiting
tail -n 1 .demo/service.log | sed 's/^/   service: /'
lazaret -q disconnect greetings

step "Nothing is left behind"
kill $server $service
wait $server $service || true
trap - EXIT
machines=$(find "$LAZARET_HOME/data/machines" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)
# A machine's emulator ends with the process that holds it. What keeps a template ends by itself.
processes=$(pgrep -fc "hold $LAZARET_HOME/" || true)
echo "   machines: $machines, processes: $processes"
[ "$machines" -eq 0 ] && [ "$processes" -eq 0 ]
