ALTER TABLE orders DROP COLUMN late;
DROP TABLE order_payment;
