#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS (default 600) each. Needs a nightly toolchain.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-600}
command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
for target in $(sed -n 's/^name = "\([a-z_]*\)"$/\1/p' fuzz/Cargo.toml); do
    echo "fuzzing $target for $seconds s"
    cargo +nightly fuzz run --fuzz-dir fuzz "$target" -- -max_total_time="$seconds" -rss_limit_mb=4096
done
