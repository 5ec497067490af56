-- What a consumer has handled. A row stands for the effect: where that is SQL, the two commit together.
CREATE TABLE inbox (
    consumer   text COLLATE "C" NOT NULL,
    event_id   uuid NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT inbox_event PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_handled_at ON inbox USING brin (handled_at);
