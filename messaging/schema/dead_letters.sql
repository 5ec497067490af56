-- Messages that a consumer could not handle, and why: open until a person replays or drops them, then kept a while.
-- Names and values of a message are bytes, so that it is published again as it was, whatever it holds.
CREATE TABLE dead_letter (
    number         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream         bytea NOT NULL,
    consumer_group text COLLATE "C" NOT NULL,
    entry          bytea NOT NULL,  -- its id in the stream, which an emptied Redis may give again: hence the hash
    content_hash   bytea NOT NULL,
    names          bytea[] NOT NULL,
    contents       bytea[] NOT NULL,
    consumer       text COLLATE "C" NOT NULL,
    code           text COLLATE "C" NOT NULL,
    detail         text NOT NULL,
    attempts       integer NOT NULL,
    failed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at     timestamptz,
    action         text COLLATE "C",
    reason         text,
    actor          text,
    CONSTRAINT dead_letter_entry UNIQUE (stream, consumer_group, entry, content_hash),
    CONSTRAINT dead_letter_settled CHECK ((settled_at IS NULL) = (action IS NULL))
);
CREATE INDEX dead_letter_open ON dead_letter (number) WHERE settled_at IS NULL;
