-- One service's place in the database: a schema, its owner (migrations only) and its app role.
--
-- Call, as a superuser, connected to the platform's database, after provision.sql:
--
--   DATABASE_OWNER_PASSWORD=… DATABASE_APP_PASSWORD=… \
--     psql --no-psqlrc --dbname=ticketing --set=service=auth --file=provision-service.sql
--
-- Variables (--set=NAME=VALUE):
--   service    the service's name: schema S, roles S_owner and S_app    required
--   readonly   the role that may read every schema                      ticketing_readonly
--
-- The owner does DDL, in its own schema only; the app role does DML there and nothing else anywhere.
-- Passwords come by the environment, never by an argument that `ps` would show.
-- Idempotent: run it at every start; a changed password is taken over.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?readonly} \else \set readonly ticketing_readonly \endif

\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv app_password DATABASE_APP_PASSWORD
\if :{?service}
\else
  DO $$ BEGIN RAISE 'service is not set: call with --set=service=NAME'; END $$;
\endif
\if :{?owner_password}
\else
  DO $$ BEGIN RAISE 'DATABASE_OWNER_PASSWORD is not set'; END $$;
\endif
\if :{?app_password}
\else
  DO $$ BEGIN RAISE 'DATABASE_APP_PASSWORD is not set'; END $$;
\endif

\set owner :service _owner
\set app :service _app

-- Statements below hold passwords: they must not reach the server's log, even when they fail.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET client_min_messages = 'warning';

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY[:'owner', :'app']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

BEGIN;

ALTER ROLE :"owner" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'owner_password';
ALTER ROLE :"app" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'app_password';
ALTER ROLE :"owner" SET search_path = :"service";
ALTER ROLE :"app" SET search_path = :"service";
-- A client that hangs inside a transaction must not keep its row locks.
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '60s';
-- The services tell by the beginning of a message whether an error will pass: in English.
ALTER ROLE :"app" SET lc_messages = 'C';

SELECT format('GRANT CONNECT ON DATABASE %I TO %I, %I', current_database(), :'owner', :'app')
\gexec

CREATE SCHEMA IF NOT EXISTS :"service";
ALTER SCHEMA :"service" OWNER TO :"owner";
REVOKE ALL ON SCHEMA :"service" FROM PUBLIC;
GRANT USAGE ON SCHEMA :"service" TO :"app", :"readonly";

-- What there is already (a database that was restored, say) …
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"service" TO :"app";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA :"service" TO :"app";
GRANT SELECT ON ALL TABLES IN SCHEMA :"service" TO :"readonly";
GRANT SELECT ON ALL SEQUENCES IN SCHEMA :"service" TO :"readonly";

-- … and what migrations will create.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"service"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"service"
  GRANT USAGE, SELECT ON SEQUENCES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"service"
  GRANT SELECT ON TABLES TO :"readonly";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA :"service"
  GRANT SELECT ON SEQUENCES TO :"readonly";

COMMIT;
