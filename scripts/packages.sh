# Sourced: installs Debian packages. Needs venv.sh's `cache` and `with_lock`.

fail() {
  echo "error: $*" >&2
  exit 1
}

# install_packages PACKAGE...; none is well, too.
install_packages() {
  (($#)) || return 0
  command -v apt-get >/dev/null || fail "missing: $* (and no apt-get to install them)"
  local -a sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail "missing: $* (install them as root, or with sudo)"
    sudo=(sudo)
  fi
  echo "installing Debian packages: $*" >&2
  with_lock packages install_quietly "$@"
}

# The platform runs engines of its own: Debian's must not be started (policy-rc.d), nor a cluster
# made, when their packages are installed for it. A machine that has them already keeps them.
#
# In with_lock's subshell: its EXIT trap takes both settings back, on an interrupt as well.
install_quietly() {
  local log="$cache/apt.log" status=0
  local policy=/usr/sbin/policy-rc.d config=/etc/postgresql-common/createcluster.conf
  made=()
  trap remove_made EXIT
  if [[ ! -e "$policy" ]]; then
    made+=("$policy")
    # 101: forbidden (see invoke-rc.d(8)).
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
    "${sudo[@]}" chmod 0755 "$policy"
  fi
  if [[ ! -e "$config" ]]; then
    made+=("$config")
    "${sudo[@]}" mkdir -p "$(dirname "$config")"
    echo "create_main_cluster = false" | "${sudo[@]}" tee "$config" >/dev/null
  fi
  {
    "${sudo[@]}" apt-get update -q &&
      "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
        --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
  } >"$log" 2>&1 || status=$?
  ((status == 0)) || fail "apt-get could not install $*: $(tail -1 "$log") (log: $log)"
}

# What dpkg put beside a file of ours is the package's own: it belongs in its place.
remove_made() {
  local file
  for file in "${made[@]}"; do
    if [[ -e "$file.dpkg-dist" ]]; then
      "${sudo[@]}" mv -f "$file.dpkg-dist" "$file"
    else
      "${sudo[@]}" rm -f "$file"
    fi
  done
}
