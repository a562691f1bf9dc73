#!/usr/bin/env bash
# Runs a benchmark against a release build on a stack of its own: scripts/bench.sh auth --rounds 3
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
cargo build --workspace --release --bin bench
exec scripts/stack.sh exec --release -- "${CARGO_TARGET_DIR:-target}/release/bench" "$@"
