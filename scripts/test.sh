#!/usr/bin/env bash
# The test suite, stage by stage: scripts/test.sh [--only STAGE] [SERVICE]
#
# STAGE is fmt, clippy, unit, integration or e2e. A stage that fails does not hide the later ones.
# The last line is the sum of all tests: `N passed, N failed`, and `, N skipped` when some were.
set -euo pipefail

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

only=""
if [[ "${1:-}" == --only ]]; then
  only=${2:?--only needs a stage}
  shift 2
fi
service=${1:-}

stages=(fmt clippy unit integration e2e)
if [[ -n "$only" && " ${stages[*]} " != *" $only "* ]]; then
  echo "error: there is no stage $only; there is: ${stages[*]}" >&2
  exit 2
fi
if [[ -n "$service" && ! -f "services/$service/Cargo.toml" ]]; then
  echo "error: there is no service $service; there is: $(cd services && echo *)" >&2
  exit 2
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The agents and stripe-mock, which tests start.
PATH="$PWD/.tools/bin:$PATH"

fmt() { cargo fmt --all --check; }

clippy() {
  if [[ -n "$service" ]]; then
    cargo clippy --package "$service" --all-targets -- -D warnings
  else
    cargo clippy --workspace --all-targets -- -D warnings
  fi
}

# The workspace as a whole, so that all stages share what is compiled; or one service.
tests() {
  local selection=--workspace
  [[ -z "$service" ]] || selection="--package=$service"
  cargo test "$selection" --no-fail-fast "$@"
}

unit() {
  tests --lib --bins
  tests --doc
}

integration() {
  if [[ -n "$service" && ! -d "services/$service/tests" ]]; then
    echo "$service has no integration tests"
    return
  fi
  # With a key of Stripe's test mode, it is asked as well; else those tests count as skipped.
  tests --test it -- ${STRIPE_KEY:+--include-ignored}
}

# One by one: they share a stack and change it. A service's are in the module of its name; web's drive a
# browser.
e2e() {
  local module=$service
  [[ "$service" != web ]] || module=browser
  cargo test --workspace --test e2e --no-run
  scripts/stack.sh exec -- \
    cargo test --workspace --test e2e -- --test-threads 1 ${module:+"$module::"}
}

failed=()
summary=()
for stage in "${stages[@]}"; do
  [[ -z "$only" || "$only" == "$stage" ]] || continue
  echo "── $stage"
  SECONDS=0
  # In a subshell of its own, so that `set -e` ends the stage at its first failure.
  set +e
  (
    set -e
    "$stage"
  ) 2>&1 | tee -a "$log"
  status=${PIPESTATUS[0]}
  set -e
  if ((status == 0)); then
    summary+=("$(printf '✓ %-12s %4d s' "$stage" "$SECONDS")")
  else
    summary+=("$(printf '✗ %-12s %4d s  (exit %d)' "$stage" "$SECONDS" "$status")")
    failed+=("$stage")
  fi
  ((status != 130)) || break
done

echo "──"
printf '%s\n' "${summary[@]}"
((${#failed[@]} == 0)) || echo "failed: ${failed[*]}"

awk '/^test result:/ {
  for (i = 1; i < NF; i++) {
    if ($(i + 1) ~ /^passed/) passed += $i
    if ($(i + 1) ~ /^failed/) failed += $i
    if ($(i + 1) ~ /^ignored/) skipped += $i
  }
}
END {
  printf "%d passed, %d failed", passed, failed
  if (skipped) printf ", %d skipped", skipped
  print ""
}' "$log"

((${#failed[@]} == 0))
