#!/usr/bin/env bash
# Draws every page in every state, in light and dark, on a desk and on a phone, on a stack of its own:
# target/screenshots/PAGE-SCHEME-WIDTH.png
#
# The tests that look at the pages do it (tests/e2e/browser/pages): what is drawn has passed them.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
pictures="$PWD/target/screenshots"
rm -rf "$pictures"
mkdir -p "$pictures"
PATH="$PWD/.tools/bin:$PATH"

cargo test --workspace --test e2e --no-run
E2E_SCREENSHOTS="$pictures" scripts/stack.sh exec -- \
  cargo test --workspace --test e2e -- --test-threads 1 browser::pages
echo "$(find "$pictures" -name '*.png' | wc -l) pictures in $pictures"
