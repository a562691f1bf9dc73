CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- As given, without surrounding space.
    email text NOT NULL CHECK (email <> '' AND length(email) <= 254),
    -- Trimmed and in lower case: the form that is unique.
    normalised_email text NOT NULL CHECK (normalised_email <> ''),
    -- A PHC string: algorithm, parameters, salt and hash.
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    created_at timestamptz NOT NULL,
    CONSTRAINT users_normalised_email_key UNIQUE (normalised_email)
);
