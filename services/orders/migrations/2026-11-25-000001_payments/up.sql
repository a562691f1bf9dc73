-- What became of an order's payment, as payments tells: the newest that was heard. What it means for the
-- order is in the order.
CREATE TABLE order_payment (
  order_id   uuid   PRIMARY KEY,
  payment_id uuid   NOT NULL,
  -- Of the payment.
  version    bigint NOT NULL,
  status     text   NOT NULL CHECK (status IN ('pending', 'failed', 'succeeded', 'refunded')),
  -- Why, in the words of its events.
  reason     text
);

-- It was completed by a payment that came after its tickets had been freed, and that found them free.
-- Code that does not know of it completes orders as before.
ALTER TABLE orders ADD COLUMN late boolean NOT NULL DEFAULT false;
