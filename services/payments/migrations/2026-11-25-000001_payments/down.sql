DROP TABLE webhook_event;
DROP TABLE ended;
DROP TABLE refund;
DROP TABLE attempt;
DROP TABLE payment;
