-- What a service needs to publish and to listen: outbox, inbox, dead letters.
--
-- The app role has no DDL: partitions come and go by messaging_upkeep(), which runs as the owner.

CREATE SEQUENCE outbox_seq;

-- What is to be published, and for some days what was.
CREATE TABLE outbox (
  -- Before seq, so that the transaction has its id before it takes a number: once all transactions
  -- below an id have ended, no lower number can appear any more.
  xact        xid8        NOT NULL DEFAULT pg_current_xact_id(),
  -- The order: taken under the row lock of what the event is about.
  seq         bigint      NOT NULL DEFAULT nextval('outbox_seq'),
  id          uuid        NOT NULL,
  kind        text        NOT NULL,
  subject     uuid        NOT NULL,
  version     bigint      NOT NULL,
  time        timestamptz NOT NULL,
  traceparent text,
  data        text        NOT NULL,
  -- The id of its stream entry, once it is published: milliseconds << 20 | sequence.
  stamp       bigint
) PARTITION BY RANGE (time);

-- No primary key: nothing looks a row up by its number once it is published, and each further index
-- costs as much as the row. One index for each half of a row's life.
CREATE INDEX outbox_unpublished ON outbox (seq) WHERE stamp IS NULL;
CREATE INDEX outbox_published ON outbox (stamp) WHERE stamp IS NOT NULL;

-- Rows of a clock that is far off.
CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- Up to where every declared group has acknowledged the stream.
CREATE TABLE outbox_position (
  one   boolean PRIMARY KEY DEFAULT true CHECK (one),
  acked bigint  NOT NULL DEFAULT 0
);
INSERT INTO outbox_position DEFAULT VALUES;

-- Events that took effect. Ids are UUIDv7, so a range of ids is a range of time.
CREATE TABLE inbox (
  event_id uuid PRIMARY KEY
) PARTITION BY RANGE (event_id);

CREATE TABLE inbox_default PARTITION OF inbox DEFAULT;

-- Events that could not take effect.
CREATE TABLE dead_letter (
  id             bigint      PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  stream         text        NOT NULL,
  consumer_group text        NOT NULL,
  -- The stream entry's id, milliseconds << 20 | sequence.
  stamp          bigint      NOT NULL,
  -- NULL: the entry was not an event at all, and data holds its fields.
  event_id       uuid,
  kind           text,
  subject        uuid,
  version        bigint,
  time           timestamptz,
  traceparent    text,
  data           text        NOT NULL,
  error          text        NOT NULL,
  attempts       integer     NOT NULL,
  buried_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- Somebody wants it to be tried again.
  redrive_at     timestamptz,
  -- What was no event is known by its entry, an event by its inbox row. Two events can have had the
  -- same entry id: of one that was lost before it was stamped, and while the clock stood still.
  UNIQUE NULLS NOT DISTINCT (stream, consumer_group, stamp, event_id)
);

CREATE INDEX dead_letter_redrive ON dead_letter (redrive_at) WHERE redrive_at IS NOT NULL;

-- The lowest UUIDv7 of a moment.
CREATE FUNCTION uuid_v7_floor(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || '70008000000000000000')::uuid;

-- Makes a partition of `parent` for [lower, upper) of the given literals, unless it is there.
CREATE FUNCTION messaging_add_partition(parent text, name text, lower text, upper text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
  IF to_regclass(format('%I', name)) IS NOT NULL THEN
    RETURN;
  END IF;
  -- Attaching locks the parent less than creating in place would: inserts go on.
  EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
                 name, parent);
  EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                 parent, name, lower, upper);
EXCEPTION WHEN check_violation THEN
  -- Nobody made it in time, and rows of it are in the default partition, which will do.
  RAISE WARNING 'rows of % are in the default partition', name;
END
$$;

-- Makes the partitions that will be needed and drops those that nothing needs any more: of the
-- outbox after 48 hours, when every row is published and acknowledged by all groups; of the inbox
-- after 72 hours, and not while an event that old could come again. Answers how many it dropped.
--
--   now           the caller's clock
--   replay_floor  the oldest event that a stream it listens to can still repeat; NULL: not known,
--                 so that nothing of the inbox is dropped
--
-- The order is that in which everybody else takes locks, or they and this would wait for each other
-- until the timeout, and under load that is always: the inbox before the outbox, a table before its
-- partitions. Hence dropping, which locks the table, comes before making, which locks a partition.
CREATE FUNCTION messaging_upkeep(now timestamptz, replay_floor uuid) RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET lock_timeout = '200ms'
SET timezone = 'UTC'
AS $$
DECLARE
  six_hours CONSTANT interval := '6 hours';
  start     timestamptz := date_bin(six_hours, now, 'epoch');
  day       timestamptz := date_bin('1 day', now, 'epoch');
  acked     bigint      := (SELECT p.acked FROM outbox_position p);
  -- The lowest stamp of the moment 48 hours ago.
  published bigint      := (extract(epoch FROM now - interval '48 hours') * 1000)::bigint << 20;
  dropped   integer     := 0;
  part      record;
  unneeded  boolean;
BEGIN
  -- One instance at a time is enough.
  IF NOT pg_try_advisory_xact_lock(hashtextextended('upkeep:' || current_schema(), 0)) THEN
    RETURN 0;
  END IF;
  FOR part IN
    SELECT c.relname AS name, p.relname AS parent, right(c.relname, -length(p.relname) - 1) AS suffix
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_class p ON p.oid = i.inhparent
    WHERE i.inhparent IN ('outbox'::regclass, 'inbox'::regclass)
      AND right(c.relname, 8) <> '_default'
    ORDER BY p.relname = 'outbox', c.relname
  LOOP
    IF part.parent = 'outbox' THEN
      CONTINUE WHEN to_timestamp(part.suffix, 'YYYYMMDD_HH24') + six_hours > now - interval '48 hours';
      FOR look IN 1..2 LOOP
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I WHERE stamp IS NULL)
                           AND NOT EXISTS (SELECT FROM %I WHERE stamp > $1)', part.name, part.name)
          INTO unneeded USING acked;
        EXIT WHEN NOT unneeded;
        -- A row that is being committed is not seen: look again once nobody writes any more.
        LOCK TABLE ONLY outbox IN ACCESS EXCLUSIVE MODE;
      END LOOP;
    ELSE
      CONTINUE WHEN to_timestamp(part.suffix, 'YYYYMMDD') + interval '1 day' > now - interval '72 hours';
      unneeded := uuid_v7_floor(to_timestamp(part.suffix, 'YYYYMMDD') + interval '1 day') <= replay_floor;
    END IF;
    IF unneeded THEN
      EXECUTE format('DROP TABLE %I', part.name);
      dropped := dropped + 1;
    END IF;
  END LOOP;

  FOR i IN 0..2 LOOP
    PERFORM messaging_add_partition('inbox',
      'inbox_' || to_char(day + i * interval '1 day', 'YYYYMMDD'),
      uuid_v7_floor(day + i * interval '1 day')::text,
      uuid_v7_floor(day + (i + 1) * interval '1 day')::text);
  END LOOP;
  FOR i IN 0..4 LOOP
    PERFORM messaging_add_partition('outbox',
      'outbox_' || to_char(start + i * six_hours, 'YYYYMMDD_HH24'),
      (start + i * six_hours)::text, (start + (i + 1) * six_hours)::text);
  END LOOP;

  -- By when they were published: their own times may be far off.
  DELETE FROM outbox_default o WHERE o.stamp <= acked AND o.stamp < published;
  DELETE FROM inbox_default i
    WHERE i.event_id < least(replay_floor, uuid_v7_floor(now - interval '72 hours'))
      AND replay_floor IS NOT NULL;
  RETURN dropped;
END
$$;

-- The lowest id that an event in the outbox can have: rows of a partition have its times, and ids are
-- made of times. The default partition has the others.
CREATE FUNCTION messaging_replay_floor() RETURNS uuid
LANGUAGE sql STABLE
SET timezone = 'UTC'
AS $$
  SELECT coalesce(
    least(uuid_v7_floor(to_timestamp(min(right(c.relname, -length('outbox_'))), 'YYYYMMDD_HH24')),
          (SELECT id FROM outbox_default ORDER BY id LIMIT 1)),
    uuid_v7_floor(now() - interval '1 hour'))
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'outbox'::regclass AND c.relname <> 'outbox_default'
$$;

-- The functions see this schema, whoever calls them; only the app role may.
DO $$
DECLARE
  fn text;
BEGIN
  FOREACH fn IN ARRAY ARRAY['messaging_upkeep(timestamptz, uuid)',
                            'messaging_add_partition(text, text, text, text)'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', fn, current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', fn);
  END LOOP;
  EXECUTE format('GRANT EXECUTE ON FUNCTION messaging_upkeep(timestamptz, uuid) TO %I',
                 current_schema() || '_app');
END
$$;

SELECT messaging_upkeep(statement_timestamp(), NULL);
