-- Three schemas at rest: {o} of orders, {t} of tickets, {p} of payments. Tickets, orders and payments are
-- named by the last digits of their ids.
--
--   a1  an offer of 10: c1 holds 2, c2 has bought 3, c3 was cancelled, c5 expired, was paid late by f5 and
--       has the money back; c1's card f1 was declined
--   a2  a seat: c4 is being paid by f4
--   a3  withdrawn
--   a4  an offer that nobody wants
--   a5  an offer of 1 that c6 has bought, wanted 1
--   a6  c1 holds 1 of 5

INSERT INTO {t}.ticket (id, version, title, price, currency, user_id, capacity, max_per_order,
                        max_per_person, deleted, created_at, updated_at, stock_version,
                        stock_ticket_version, stock_capacity, held, sold, next_release_at, order_id)
SELECT id::uuid, version, title, price, currency, '018bcfe5-687b-7000-8000-0000000000e1', capacity,
       max_per_order, NULL, deleted, now(), now(), stock_version, version, capacity, held, sold,
       date_trunc('second', now()) + minutes * interval '1 minute', holder::uuid
FROM (VALUES
  ('018bcfe5-687b-7000-8000-0000000000a1', 2, 'Standing', 1000, 'USD', 10, 4,    false, 9, 2, 3, 10,   NULL),
  ('018bcfe5-687b-7000-8000-0000000000a2', 1, 'Seat',     2500, 'USD', 1,  NULL, false, 3, 1, 0, 12,
   '018bcfe5-687b-7000-8000-0000000000c4'),
  ('018bcfe5-687b-7000-8000-0000000000a3', 3, 'Gone',     700,  'EUR', 5,  NULL, true,  2, 0, 0, NULL, NULL),
  ('018bcfe5-687b-7000-8000-0000000000a4', 1, 'Unloved',  700,  'EUR', 5,  NULL, false, 1, 0, 0, NULL, NULL),
  ('018bcfe5-687b-7000-8000-0000000000a5', 1, 'Sold',     900,  'EUR', 1,  NULL, false, 4, 0, 1, NULL,
   '018bcfe5-687b-7000-8000-0000000000c6'),
  ('018bcfe5-687b-7000-8000-0000000000a6', 1, 'Balcony',  500,  'USD', 5,  NULL, false, 2, 1, 0, 10,   NULL)
) AS t (id, version, title, price, currency, capacity, max_per_order, deleted, stock_version, held, sold,
        minutes, holder);

INSERT INTO {o}.inventory (ticket_id, ticket_version, title, price, currency, seller_id, requested,
                           max_per_order, max_per_person, closed, version, capacity, held, sold,
                           revenue, next_release_at, holder)
SELECT id, version, title, price, currency, user_id, capacity, max_per_order, max_per_person, deleted,
       stock_version, capacity, held, sold, price * sold, next_release_at, order_id
FROM {t}.ticket;

INSERT INTO {o}.orders (id, version, user_id, status, reason, created_at, expires_at, release_at, total,
                        currency, lease, payment_id, refund_due)
SELECT id::uuid, 1, '018bcfe5-687b-7000-8000-0000000000e2', status, reason,
       date_trunc('second', now()) - interval '1 minute',
       date_trunc('second', now()) + least(minutes, 10) * interval '1 minute',
       date_trunc('second', now()) + minutes * interval '1 minute',
       total, currency, 1, payment::uuid, status = 'cancelled' AND payment IS NOT NULL
FROM (VALUES
  ('018bcfe5-687b-7000-8000-0000000000c1', 'created',          NULL,      10,  2500, 'USD', NULL),
  ('018bcfe5-687b-7000-8000-0000000000c2', 'complete',         NULL,      5,   3000, 'USD',
   '018bcfe5-687b-7000-8000-0000000000f2'),
  ('018bcfe5-687b-7000-8000-0000000000c3', 'cancelled',        'buyer',   5,   1000, 'USD', NULL),
  ('018bcfe5-687b-7000-8000-0000000000c4', 'awaiting:payment', NULL,      12,  2500, 'USD', NULL),
  ('018bcfe5-687b-7000-8000-0000000000c5', 'cancelled',        'expired', -15, 4000, 'USD',
   '018bcfe5-687b-7000-8000-0000000000f5'),
  ('018bcfe5-687b-7000-8000-0000000000c6', 'complete',         NULL,      -20, 900,  'EUR',
   '018bcfe5-687b-7000-8000-0000000000f6')
) AS o (id, status, reason, minutes, total, currency, payment);

INSERT INTO {o}.order_item (order_id, position, ticket_id, ticket_version, title, price, quantity,
                            held_until)
SELECT o.id, position, v.ticket_id, item.version, v.title, item.price, quantity,
       CASE WHEN status IN ('created', 'awaiting:payment') THEN release_at END
FROM (VALUES
  ('c1', 0, 'a1', 2, 1000, 2),
  ('c1', 1, 'a6', 1, 500,  1),

  ('c2', 0, 'a1', 2, 1000, 3),
  ('c3', 0, 'a1', 2, 1000, 1),
  ('c4', 0, 'a2', 1, 2500, 1),
  ('c5', 0, 'a1', 1, 2000, 2),
  ('c6', 0, 'a5', 1, 900,  1)
) AS item (order_name, position, ticket_name, version, price, quantity)
JOIN {o}.orders o ON right(o.id::text, 2) = order_name
JOIN {o}.inventory v ON right(v.ticket_id::text, 2) = ticket_name;

INSERT INTO {o}.sales (ticket_id, minute, held, sold, revenue)
SELECT ticket_id, date_trunc('minute', now()), held, sold, revenue FROM {o}.inventory
UNION ALL
SELECT ticket_id, date_trunc('minute', now()) - interval '5 minutes', 9, 9, 9 FROM {o}.inventory
WHERE right(ticket_id::text, 2) <> 'a4';

INSERT INTO {p}.payment (id, order_id, user_id, amount, currency, version, status, reason, intent, attempt,
                         method, confirming, attempted_at, instance, lease, leased, settled, due_at,
                         created_at)
SELECT ('018bcfe5-687b-7000-8000-0000000000' || payment.name)::uuid, o.id, o.user_id, o.total, o.currency,
       payment.version, payment.status, payment.reason, 'pi_' || payment.name, 1, 'tok_visa', true, now(),
       'i', 1, false, settled, CASE WHEN payment.status = 'attempting' THEN now() END, now()
FROM (VALUES
  ('f1', 'c1', 1, 'failed',     'declined', NULL),
  ('f2', 'c2', 1, 'succeeded',  NULL,       'complete'),
  ('f3', 'c3', 1, 'canceled',   NULL,       NULL),
  ('f4', 'c4', 0, 'attempting', NULL,       NULL),
  ('f5', 'c5', 2, 'succeeded',  NULL,       'refund-due'),
  ('f6', 'c6', 1, 'succeeded',  NULL,       'complete')
) AS payment (name, order_name, version, status, reason, settled)
JOIN {o}.orders o ON right(o.id::text, 2) = order_name;

INSERT INTO {p}.refund (payment_id, stripe_id, status, created_at)
SELECT id, 're_f5', 'succeeded', now() FROM {p}.payment WHERE intent = 'pi_f5';

INSERT INTO {o}.order_payment (order_id, payment_id, version, status, reason)
SELECT p.order_id, p.id, p.version, copy.status, copy.reason
FROM (VALUES
  ('f1', 'failed',    'declined'),
  ('f2', 'succeeded', NULL),
  ('f3', 'failed',    'order-ended'),
  ('f5', 'refunded',  'order-ended'),
  ('f6', 'succeeded', NULL)
) AS copy (name, status, reason)
JOIN {p}.payment p ON p.intent = 'pi_' || copy.name;
