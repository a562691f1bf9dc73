-- What the publisher changes.
CREATE TABLE thing (
  id      uuid   PRIMARY KEY,
  version bigint NOT NULL
);

-- What the listener does: a row per time that an event takes effect, so that a second time shows.
CREATE TABLE effect (
  n        bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid   NOT NULL,
  subject  uuid   NOT NULL,
  version  bigint NOT NULL,
  weight   bigint NOT NULL CHECK (weight >= 0)
);

-- The listener's copy of each thing …
CREATE TABLE copy (
  subject uuid   PRIMARY KEY,
  version bigint NOT NULL
);

-- … and every version that it ever had.
CREATE TABLE copy_history (
  n       bigint GENERATED ALWAYS AS IDENTITY,
  subject uuid   NOT NULL,
  version bigint NOT NULL
);
