# Brings the database, the schemas and the roles to what the .sql files beside this script say, for
# the services named as arguments. Needs PG* for a superuser, DATABASE_READONLY_PASSWORD, and for
# each service S: S_OWNER_PASSWORD and S_APP_PASSWORD.

here=$(dirname "${BASH_SOURCE[0]}")

deadline=$((SECONDS + 60))
until pg_isready --quiet; do
  if ((SECONDS >= deadline)); then
    echo "Postgres does not answer on $PGHOST:$PGPORT" >&2
    exit 1
  fi
  sleep 0.1
done

psql --no-psqlrc --dbname=postgres --file="$here/provision.sql"

for service in "$@"; do
  owner="${service^^}_OWNER_PASSWORD"
  app="${service^^}_APP_PASSWORD"
  DATABASE_OWNER_PASSWORD="${!owner}" DATABASE_APP_PASSWORD="${!app}" \
    psql --no-psqlrc --dbname=ticketing --set=service="$service" --file="$here/provision-service.sql"
done
