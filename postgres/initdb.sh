# Makes the cluster in POSTGRES_DATA/cluster unless there is one. Needs POSTGRES_BIN, SUPERUSER_PASSWORD.

if [[ -e "$POSTGRES_DATA/cluster" ]]; then
  echo "a cluster of version $(<"$POSTGRES_DATA/cluster/PG_VERSION") is there"
  exit 0
fi

# In a folder of its own first: an initdb that was killed half-way must not pass for a cluster.
cluster="$POSTGRES_DATA/cluster"
unfinished="$POSTGRES_DATA/unfinished"
rm -rf "$unfinished"
"$POSTGRES_BIN/initdb" \
  --pgdata="$unfinished" \
  --username=postgres \
  --pwfile=<(printf '%s\n' "$SUPERUSER_PASSWORD") \
  --auth=scram-sha-256 \
  --encoding=UTF8 \
  --locale=C.UTF-8 \
  --data-checksums
mv "$unfinished" "$cluster"
