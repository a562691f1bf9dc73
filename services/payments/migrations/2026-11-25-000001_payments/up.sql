-- The payment of an order: one, however many cards are tried for it.
CREATE TABLE payment (
  id            uuid        PRIMARY KEY,
  order_id      uuid        NOT NULL,
  user_id       uuid        NOT NULL,
  -- The order's total, in minor units of the currency.
  amount        bigint      NOT NULL CHECK (amount > 0),
  currency      text        NOT NULL CHECK (length(currency) = 3),
  -- Counts the events about it.
  version       bigint      NOT NULL CHECK (version >= 0),
  status        text        NOT NULL
    CHECK (status IN ('attempting', 'requires-action', 'failed', 'succeeded', 'canceled')),
  -- Why it failed; or that it is known to be unconfirmed.
  reason        text        CHECK (reason IN ('declined', 'not-authenticated', 'unavailable', 'unconfirmed')),
  -- Stripe's words for the buyer about the last failure.
  message       text,
  -- Stripe's PaymentIntent, committed before anything is charged.
  intent        text,
  -- Of the PaymentIntent, while the buyer needs it.
  client_secret text,
  -- The number of the last attempt, and its token (tok_…) or payment method (pm_…).
  attempt       integer     NOT NULL CHECK (attempt > 0),
  method        text        NOT NULL,
  -- Stripe may have been asked to confirm the last attempt: only Stripe knows what came of it.
  confirming    boolean     NOT NULL DEFAULT false,
  attempted_at  timestamptz NOT NULL,
  -- The instance that makes the last attempt; empty when it was stopped meanwhile.
  instance      text        NOT NULL,
  -- The number of the last lease, and whether orders keeps the tickets because of it.
  lease         bigint      NOT NULL,
  leased        boolean     NOT NULL DEFAULT true,
  -- What orders said of the payment that succeeded.
  settled       text        CHECK (settled IN ('complete', 'refund-due')),
  -- When it is to be looked at next; NULL when there is nothing to be done.
  due_at        timestamptz,
  created_at    timestamptz NOT NULL,

  CONSTRAINT payment_order   UNIQUE (order_id),
  CONSTRAINT payment_intent  UNIQUE (intent),
  CONSTRAINT payment_asked   CHECK (intent IS NOT NULL OR (status IN ('attempting', 'failed', 'canceled') AND NOT confirming)),
  CONSTRAINT payment_action  CHECK ((status = 'requires-action') = (client_secret IS NOT NULL)),
  CONSTRAINT payment_failure CHECK (status <> 'failed' OR reason IS NOT NULL),
  CONSTRAINT payment_settled CHECK (settled IS NULL OR status = 'succeeded'),
  CONSTRAINT payment_open    CHECK (status NOT IN ('attempting', 'requires-action') OR due_at IS NOT NULL),
  CONSTRAINT payment_unsettled CHECK (status <> 'succeeded' OR settled IS NOT NULL OR due_at IS NOT NULL)
)
-- Each is rewritten three times within a second.
WITH (fillfactor = 50);

CREATE INDEX payment_due ON payment (due_at) WHERE due_at IS NOT NULL;

-- Each request that was let through to Stripe, by the key that the client gave it.
CREATE TABLE attempt (
  payment_id  uuid        NOT NULL REFERENCES payment,
  number      integer     NOT NULL CHECK (number > 0),
  user_id     uuid        NOT NULL,
  request_key text,
  -- SHA-256 of the request's body.
  fingerprint bytea       CHECK (length(fingerprint) = 32),
  -- What the buyer was told when it failed.
  failure     text,
  begun_at    timestamptz NOT NULL,
  PRIMARY KEY (payment_id, number),
  CONSTRAINT attempt_request CHECK ((request_key IS NULL) = (fingerprint IS NULL))
);

CREATE UNIQUE INDEX attempt_request_key ON attempt (user_id, request_key) WHERE request_key IS NOT NULL;

-- The money that goes back: one per payment.
CREATE TABLE refund (
  payment_id uuid        PRIMARY KEY REFERENCES payment,
  -- Stripe's refund (re_…), once there is one.
  stripe_id  text        UNIQUE,
  status     text        NOT NULL CHECK (status IN ('due', 'pending', 'succeeded')),
  -- How often Stripe has failed at it.
  failures   integer     NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  CONSTRAINT refund_made CHECK (status = 'due' OR stripe_id IS NOT NULL)
);

-- Orders that are over without having been paid: nothing more is charged for them.
CREATE TABLE ended (
  order_id uuid        PRIMARY KEY,
  ended_at timestamptz NOT NULL
);

-- What Stripe has told, by its id, so that each counts once.
CREATE TABLE webhook_event (
  id          text        PRIMARY KEY,
  received_at timestamptz NOT NULL
);

CREATE INDEX webhook_event_received_at ON webhook_event (received_at);
