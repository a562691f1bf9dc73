-- What every service's database needs once: the database itself and the read-only role.
--
-- Call, as a superuser, connected to the maintenance database (not to the database it creates):
--
--   DATABASE_READONLY_PASSWORD=… psql --no-psqlrc --dbname=postgres --file=provision.sql
--
-- Variables (--set=NAME=VALUE), all optional:
--   database   the database to create                        ticketing
--   readonly   the role that may read every schema           ticketing_readonly
--
-- Passwords come by the environment, never by an argument that `ps` would show.
-- Idempotent: run it at every start. Afterwards run provision-service.sql once per service.

\set ON_ERROR_STOP on
\set QUIET on
\if :{?database} \else \set database ticketing \endif
\if :{?readonly} \else \set readonly ticketing_readonly \endif

\getenv readonly_password DATABASE_READONLY_PASSWORD
\if :{?readonly_password}
\else
  DO $$ BEGIN RAISE 'DATABASE_READONLY_PASSWORD is not set'; END $$;
\endif

-- A statement below holds a password: it must not reach the server's log, even when it fails.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SET client_min_messages = 'warning';

SELECT format('CREATE ROLE %I', :'readonly')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'readonly')
\gexec
ALTER ROLE :"readonly" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'readonly_password';
ALTER ROLE :"readonly" SET default_transaction_read_only = on;

-- C.UTF-8: an order of text that no upgrade of the C library can change under an index.
SELECT format(
  'CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\gexec

-- Only who is named may connect, and nowhere else than to the platform's database.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE CONNECT, TEMPORARY ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"readonly";

\connect :"database"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
