-- What there is of each ticket, beside a copy of what its seller says. The row is locked, before any
-- order, for every change of the ticket's stock.
CREATE TABLE inventory (
  ticket_id       uuid    PRIMARY KEY,

  -- The copy.
  ticket_version  bigint  NOT NULL,
  title           text    NOT NULL,
  price           bigint  NOT NULL CHECK (price > 0),
  currency        text    NOT NULL,
  seller_id       uuid    NOT NULL,
  requested       integer NOT NULL CHECK (requested > 0),
  max_per_order   integer CHECK (max_per_order > 0),
  max_per_person  integer CHECK (max_per_person > 0),
  -- Nothing of it is sold any more.
  closed          boolean NOT NULL DEFAULT false,

  -- The stock.
  version         bigint  NOT NULL,
  capacity        integer NOT NULL,
  held            integer NOT NULL CHECK (held >= 0),
  sold            integer NOT NULL CHECK (sold >= 0),
  -- What was paid for those that are sold, in minor units.
  revenue         bigint  NOT NULL CHECK (revenue >= 0),
  -- The least held_until of what is held.
  next_release_at timestamptz,
  -- Who took it last, unless that was given back: who has it, when there is one.
  holder          uuid,

  CONSTRAINT inventory_not_oversold CHECK (held + sold <= capacity),
  CONSTRAINT inventory_capacity     CHECK (capacity = greatest(requested, held + sold)),
  CONSTRAINT inventory_next_release CHECK ((held = 0) = (next_release_at IS NULL))
)
-- A hot ticket's row is rewritten with each batch: within its page, and without touching the index.
WITH (fillfactor = 20);

CREATE TABLE orders (
  id              uuid        PRIMARY KEY,
  version         bigint      NOT NULL,
  user_id         uuid        NOT NULL,
  status          text        NOT NULL
    CHECK (status IN ('created', 'awaiting:payment', 'complete', 'cancelled')),
  reason          text        CHECK (reason IN ('buyer', 'expired')),
  created_at      timestamptz NOT NULL,
  -- Until when a payment may begin.
  expires_at      timestamptz NOT NULL,
  -- When its tickets are freed: expires_at, or later while a payment is under way.
  release_at      timestamptz NOT NULL,
  total           bigint      NOT NULL CHECK (total > 0),
  currency        text        NOT NULL,
  -- The number of the last lease that was granted; 0: no payment has begun.
  lease           bigint      NOT NULL DEFAULT 0,
  -- The payment that completed it, or that is to be given back.
  payment_id      uuid,
  refund_due      boolean     NOT NULL DEFAULT false,
  -- Of the request that placed it.
  idempotency_key text,
  request_hash    bytea,

  CONSTRAINT orders_reason  CHECK ((status = 'cancelled') = (reason IS NOT NULL)),
  CONSTRAINT orders_release CHECK (release_at >= expires_at),
  CONSTRAINT orders_payment CHECK (status <> 'complete' OR (payment_id IS NOT NULL AND NOT refund_due)),
  CONSTRAINT orders_refund  CHECK (NOT refund_due OR (status = 'cancelled' AND payment_id IS NOT NULL)),
  CONSTRAINT orders_request CHECK ((idempotency_key IS NULL) = (request_hash IS NULL))
);

-- A buyer's own, newest first: ids are UUIDv7.
CREATE INDEX orders_of_user ON orders (user_id, id);

CREATE UNIQUE INDEX orders_request_key ON orders (user_id, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- What is open is a small part of what there is: to publish it again when Redis has lost it.
CREATE INDEX orders_open ON orders (id) WHERE status IN ('created', 'awaiting:payment');

-- No foreign key to orders: rows are written in the order's own transaction, and never alone.
CREATE TABLE order_item (
  order_id       uuid     NOT NULL,
  position       smallint NOT NULL,
  ticket_id      uuid     NOT NULL,
  -- The ticket as it was ordered.
  ticket_version bigint   NOT NULL,
  title          text     NOT NULL,
  price          bigint   NOT NULL CHECK (price > 0),
  quantity       integer  NOT NULL CHECK (quantity > 0),
  -- The order's release_at while it is open, else NULL.
  held_until     timestamptz,
  PRIMARY KEY (order_id, position)
);

-- What of a ticket falls due, and when next.
CREATE INDEX order_item_held ON order_item (ticket_id, held_until) WHERE held_until IS NOT NULL;

-- How a ticket stood at the end of each minute in which its stock changed.
CREATE TABLE sales (
  ticket_id uuid        NOT NULL,
  minute    timestamptz NOT NULL,
  held      integer     NOT NULL,
  sold      integer     NOT NULL,
  revenue   bigint      NOT NULL,
  PRIMARY KEY (ticket_id, minute)
) WITH (fillfactor = 50);
