-- Answers to requests that created something, by the key that a client gave them, for a day.
CREATE TABLE idempotency (
  user_id     uuid        NOT NULL,
  route       text        NOT NULL,
  key         text        NOT NULL,
  -- SHA-256 of the request's body.
  fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),
  -- ticketing_http::idempotency::Answer as JSON.
  answer      text        NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (user_id, route, key)
);

CREATE INDEX idempotency_created_at ON idempotency (created_at);
