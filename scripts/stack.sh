#!/usr/bin/env bash
# Builds `stack` when its code changed, and runs it: scripts/stack.sh up
#
# --workspace: cargo then resolves the dependencies' features for all crates together, so that this,
# the services' builds and the tests share what is compiled.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
cargo build --quiet --workspace --bin stack
exec "${CARGO_TARGET_DIR:-target}/debug/stack" "$@"
