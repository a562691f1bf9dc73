#!/usr/bin/env bash
# Installs or finds what the platform runs on: Debian packages, Nomad and Consul, Traefik and just; and
# stripe-mock, which tests ask. With `browser` also the one that tests drive: scripts/bootstrap.sh browser
# Repeatable; at once when nothing is missing. Links the programs into .tools/bin.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/venv.sh
source "$root/scripts/venv.sh"
# shellcheck source=scripts/packages.sh
source "$root/scripts/packages.sh"
# shellcheck source=scripts/version.sh
source "$root/scripts/version.sh"

with_browser=${1:-}
links="$root/.tools/bin"
stamp="$root/.tools/stamp"

main() {
  local state agent
  local -a packages
  state=$(fingerprint)
  if [[ -e "$stamp" && "$(<"$stamp")" == "$state" ]] && is_complete; then
    return
  fi
  require cargo "install Rust: https://rustup.rs"
  require_rust
  mapfile -t packages < <(missing_packages)
  install_packages "${packages[@]}"
  ensure_venv
  mkdir -p "$links"
  link traefik "$venv/bin/traefik"
  for agent in consul nomad; do
    link_agent "$agent"
  done
  link_pinned stripe-mock
  fingerprint >"$stamp"
}

# Everything that decides which programs are used; when it is the same, there is nothing to do.
fingerprint() {
  {
    cat "$root"/tools/{nomad,consul,stripe-mock}/go.mod "$root/tools/requirements.txt" \
      "$root"/scripts/{bootstrap,packages,venv,version}.sh
    echo "$cache"
    command -v nomad consul psql redis-server || true
  } | sha256sum
}

is_complete() {
  local tool
  for tool in consul nomad traefik stripe-mock; do
    [[ -x "$links/$tool" ]] || return 1
  done
  [[ -e "$venv/complete" ]] && [[ -z "$(missing_packages)" ]]
}

require() {
  command -v "$1" >/dev/null || fail "$1 is missing: $2"
}

require_rust() {
  local wanted found
  wanted=$(awk -F '"' '/^rust-version/ { print $2; exit }' "$root/Cargo.toml")
  found=$({ rustc --version || true; } 2>/dev/null | version_in)
  at_least "$found" "$wanted" ||
    fail "Rust $wanted or newer is needed, and this is $found: rustup update"
}

link() {
  ln -sfn "$2" "$links/$1"
}

# --- Debian packages ---------------------------------------------------------------------------

missing_packages() {
  compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || command -v initdb >/dev/null ||
    echo postgresql
  command -v redis-server >/dev/null || echo redis-server
  command -v curl >/dev/null || echo curl
  command -v setsid >/dev/null || echo util-linux
  # What rustc links with; some crates are C.
  command -v cc >/dev/null || printf '%s\n' gcc libc6-dev
  if [[ "$with_browser" == browser ]]; then
    missing_browser
  fi
}

# Chrome does as well as Chromium, with a driver of its own version.
missing_browser() {
  command -v chromedriver >/dev/null && has_browser || printf '%s\n' chromium chromium-driver
  # What the pages' words are written in.
  compgen -G "/usr/share/fonts/*/*" >/dev/null || echo fonts-noto-core
}

has_browser() {
  command -v chromium || command -v google-chrome
} >/dev/null

# --- Nomad, Consul and stripe-mock -------------------------------------------------------------

# What is on PATH is used when it is new enough; else what the pinned Go module builds.
link_agent() {
  local agent=$1 pinned installed
  pinned=$(pinned_version "$agent")
  installed=$(command -v "$agent" || true)
  if [[ -n "$installed" ]] && at_least "$("$installed" version 2>/dev/null | version_in)" "$pinned"; then
    link "$agent" "$installed"
    return
  fi
  link_pinned "$agent"
}

link_pinned() {
  local tool=$1 pinned built
  pinned=$(pinned_version "$tool")
  built="$cache/bin/$pinned/$tool"
  [[ -x "$built" ]] || with_lock "$tool" build_tool "$tool" "$pinned" "$built"
  link "$tool" "$built"
}

# The module that tools/NAME is there for.
module_of() {
  awk '$1 == "tool" { print $2; exit }' "$root/tools/$1/go.mod"
}

pinned_version() {
  awk -v module="$(module_of "$1")" \
    '$1 == module { print substr($2, 2); exit } $2 == module && $1 == "require" { print substr($3, 2); exit }' \
    "$root/tools/$1/go.mod"
}

build_tool() {
  local tool=$1 pinned=$2 built=$3 log="$cache/$1-build.log" unfinished
  [[ -x "$built" ]] && return
  require go "install Go 1.26 or newer: https://go.dev/dl"
  mkdir -p "$(dirname "$built")"
  unfinished="$built.$$"
  echo "building $tool $pinned (once; an agent takes some 5 minutes on two cores; log: $log)" >&2
  SECONDS=0
  (
    cd "$root/tools/$tool"
    exec go build -trimpath -ldflags "-s -w" -o "$unfinished" "$(module_of "$tool")"
  ) >"$log" 2>&1 &
  local build=$! status=0
  # Ctrl-C ends the build as well; what is half done is not kept.
  trap 'kill "$build" 2>/dev/null; rm -f "$unfinished"; exit 130' INT TERM
  while kill -0 "$build" 2>/dev/null; do
    sleep 1
    ((SECONDS % 15)) || echo "… $tool: ${SECONDS} s" >&2
  done
  wait "$build" || status=$?
  trap - INT TERM
  ((status == 0)) || fail "$tool could not be built: $(tail -1 "$log") (log: $log)"
  mv "$unfinished" "$built"
  echo "✓ $tool $pinned in ${SECONDS} s" >&2
}

main "$@"
