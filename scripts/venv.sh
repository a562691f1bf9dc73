# Sourced: the project's Python environment, in the cache and named by its content, so that
# checkouts share it and a changed pin makes a new one. Needs `root` and packages.sh; sets `cache`
# and `venv`.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/ticketing"
venv="$cache/venv/$(sha256sum "$root/tools/requirements.txt" | cut -c1-12)"

# Runs a command while holding the lock of that name: two bootstraps at once do the work once.
with_lock() {
  local name=$1
  shift
  mkdir -p "$cache"
  (
    flock --nonblock 9 || {
      echo "waiting for another bootstrap ($name)" >&2
      flock 9
    }
    "$@"
  ) 9>"$cache/$name.lock"
}

ensure_venv() {
  [[ -e "$venv/complete" ]] || with_lock venv make_venv
}

make_venv() {
  [[ -e "$venv/complete" ]] && return
  # Debian's python3 comes without it, where it comes at all.
  python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
  echo "installing just and traefik into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv" || fail "python3 can't make a venv: install python3-venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/tools/requirements.txt"
  touch "$venv/complete"
}
