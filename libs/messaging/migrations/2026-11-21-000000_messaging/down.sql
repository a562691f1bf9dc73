DROP FUNCTION messaging_replay_floor();
DROP FUNCTION messaging_upkeep(timestamptz, uuid);
DROP FUNCTION messaging_add_partition(text, text, text, text);
DROP TABLE dead_letter;
DROP TABLE inbox;
DROP FUNCTION uuid_v7_floor(timestamptz);
DROP TABLE outbox_position;
DROP TABLE outbox;
DROP SEQUENCE outbox_seq;
