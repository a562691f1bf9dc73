#!/usr/bin/env bash
# Runs a benchmark of a release build: scripts/bench.sh auth --rounds 3
#
# On a stack of its own, except for suites that need only the engines and start those themselves.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
cargo build --workspace --release --bin bench
bench="${CARGO_TARGET_DIR:-target}/release/bench"
case "${1:-}" in
  events | expiry) exec "$bench" "$@" ;;
  *) exec scripts/stack.sh exec --release -- "$bench" "$@" ;;
esac
