DROP TABLE sales;
DROP TABLE order_item;
DROP TABLE orders;
DROP TABLE inventory;
