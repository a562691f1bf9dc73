# Sourced: how versions are read and compared.

# `Consul v1.22.2` and `Nomad v1.11.1-dev` alike: the first number with two dots, or 0.0.0.
version_in() {
  grep -oE -m1 '[0-9]+\.[0-9]+\.[0-9]+' || echo 0.0.0
}

# at_least VERSION WANTED
at_least() {
  [[ "$(printf '%s\n' "$1" "$2" | sort -V | head -n1)" == "$2" ]]
}
