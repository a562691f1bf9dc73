DROP TABLE copy_history, copy, effect, thing;
