-- What sellers put up, each beside what orders last reported of its stock.
CREATE TABLE ticket (
  id                   uuid        PRIMARY KEY,
  -- Counts the seller's edits; a withdrawal is the last of them.
  version              bigint      NOT NULL CHECK (version > 0),
  title                text        NOT NULL CHECK (title <> ''),
  -- Of one, in minor units of the currency.
  price                bigint      NOT NULL CHECK (price > 0),
  currency             text        NOT NULL CHECK (length(currency) = 3),
  user_id              uuid        NOT NULL,
  -- What the seller wants; there may be more when more are held and sold.
  capacity             integer     NOT NULL CHECK (capacity > 0),
  max_per_order        integer     CHECK (max_per_order > 0),
  max_per_person       integer     CHECK (max_per_person > 0),
  deleted              boolean     NOT NULL DEFAULT false,
  created_at           timestamptz NOT NULL,
  updated_at           timestamptz NOT NULL,
  -- From inventory:updated. 0 and NULL: orders has not reported yet.
  stock_version        bigint      NOT NULL DEFAULT 0,
  stock_ticket_version bigint      NOT NULL DEFAULT 0,
  stock_capacity       integer     CHECK (stock_capacity >= 0),
  held                 integer     NOT NULL DEFAULT 0 CHECK (held >= 0),
  sold                 integer     NOT NULL DEFAULT 0 CHECK (sold >= 0),
  next_release_at      timestamptz,
  order_id             uuid,
  -- The id while buyers see it in lists (domain::Ticket::is_listed in SQL), NULL while they don't. The
  -- indexes below name this column and not those that it is made of: an update that leaves it as it is
  -- touches no index (it is HOT), and that is every change of stock but the first and the last of a ticket.
  -- An id and not a boolean, so that no other index can give the order of a list: going through what is
  -- sold out may take for ever.
  listed_id            uuid        GENERATED ALWAYS AS (
    CASE WHEN NOT deleted
          AND held + sold < CASE WHEN stock_ticket_version = version THEN coalesce(stock_capacity, capacity)
                                 ELSE capacity END
         THEN id END
  ) STORED
) WITH (fillfactor = 70); -- Room on the page for the next version of a row.

-- Ids are UUIDv7: their order is that of time.
CREATE INDEX ticket_listed ON ticket (listed_id) WHERE listed_id IS NOT NULL;
CREATE INDEX ticket_of_seller ON ticket (user_id, id) WHERE NOT deleted;

-- The words of a title. The dictionary `simple` takes them as they are, without a language's endings and
-- stop words: titles are names. What stands between words is taken out first, or the parser would make
-- one word of "AC/DC" or "row-7". domain/search.rs does the same to what is looked for.
CREATE FUNCTION ticket_words(title text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple', translate(title, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)));

-- What is looked for. While it is being typed, its last word may be the beginning of one; a query that
-- does not end with a word has none.
CREATE FUNCTION ticket_query(words text, typing boolean) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN typing AND websearch_to_tsquery('simple', words)::text LIKE '%'''
            THEN (websearch_to_tsquery('simple', words)::text || ':*')::tsquery
            ELSE websearch_to_tsquery('simple', words) END;

CREATE INDEX ticket_search ON ticket USING gin (ticket_words(title)) WHERE listed_id IS NOT NULL;
