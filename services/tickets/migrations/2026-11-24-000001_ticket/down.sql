DROP TABLE ticket;
DROP FUNCTION ticket_query(text, boolean);
DROP FUNCTION ticket_words(text);
