#!/usr/bin/env bash
# Builds the fuzz targets with the project's own toolchain and runs each for FUZZ_SECONDS (default 600).
#   usage: fuzz.sh [TARGET...]      all of fuzz/Cargo.toml when none is named
# Coverage comes from LLVM's own pass, which needs no nightly compiler. A finding is left in
# fuzz/artifacts/TARGET/, what was learnt in fuzz/corpus/TARGET/; fuzz/seeds/TARGET/ is where it starts.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${FUZZ_SECONDS:-600}
host=$(rustc -vV | sed -n 's/^host: //p')
folder=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' fuzz/Cargo.toml)
fi

# A target apart from the host, so that build scripts and macros are not instrumented.
flags=(
    --cfg fuzzing
    -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
    -Clink-arg=-Wl,-z,nostart-stop-gc
    -Ccodegen-units=1
    -Cdebug-assertions=on
    -Coverflow-checks=on
)
bins=()
for target in "${targets[@]}"; do
    bins+=(--bin "$target")
done
RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=$folder \
    cargo build --quiet --release --target "$host" --manifest-path fuzz/Cargo.toml "${bins[@]}"

for target in "${targets[@]}"; do
    corpus=fuzz/corpus/$target artifacts=fuzz/artifacts/$target
    mkdir -p "$corpus" "$artifacts"
    inputs=("$corpus")
    [ ! -d "fuzz/seeds/$target" ] || inputs+=("fuzz/seeds/$target")
    dictionary=()
    [ ! -f "fuzz/seeds/$target.dict" ] || dictionary=("-dict=fuzz/seeds/$target.dict")
    echo "fuzzing $target for $seconds s"
    "$folder/$host/release/$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=10 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="$artifacts/" "${dictionary[@]}" "${inputs[@]}" \
        2> >(grep --line-buffered -E '^(==|SUMMARY|stat::|Done|panicked|thread|.* panicked)|artifact|pulse' >&2 || true)
done
