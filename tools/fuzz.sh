#!/bin/sh
# fuzz.sh TARGET SECONDS: fuzzes the target `photo` or `model` (fuzz/fuzz_targets) for that time.
#
# Like `cargo fuzz run`, but without sanitizers, so that the stable compiler suffices. Files that crash the target are saved in
# fuzz/artifacts/; `cargo fuzz run` and this script's program accept them as arguments.
set -eu
cd "$(dirname "$0")/../fuzz"
target=$1 seconds=$2
host=$(rustc -vV | sed -n 's/^host: //p')

cargo run --quiet --release --bin corpus

# Reports coverage and comparisons to libFuzzer.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
export RUSTFLAGS
cargo build --release --target "$host" --bin "$target"

mkdir -p artifacts
exec "target/$host/release/$target" -max_total_time="$seconds" -max_len=40000 -timeout=20 -rss_limit_mb=3000 \
    -artifact_prefix="artifacts/$target-" -print_final_stats=1 "corpus/$target"
