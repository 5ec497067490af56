-- The event store's tables. Streams are locked by advisory locks in append_events(), never by rows of these
-- tables: a row lock would assign a transaction id, and the order of the log depends on ids coming after the locks.

-- One row per stream: its head. `category` is the id up to the first slash.
CREATE TABLE stream (
    id       text COLLATE "C" PRIMARY KEY,
    category text COLLATE "C" NOT NULL GENERATED ALWAYS AS (split_part(id, '/', 1)) STORED,
    version  bigint NOT NULL CHECK (version > 0)
) WITH (fillfactor = 80);  -- room for in-page (HOT) updates of `version`

-- Every event, once, for ever. (xid, seq) is the order in which the sequencer reads: `xid` says which transactions
-- can still add events, `seq` orders the events of one transaction. `seq` alone is no order: sessions cache values.
CREATE TABLE event (
    seq            bigint GENERATED ALWAYS AS IDENTITY (CACHE 64),
    xid            xid8 NOT NULL DEFAULT pg_current_xact_id(),
    stream_id      text COLLATE "C" NOT NULL,
    version        bigint NOT NULL CHECK (version > 0),
    event_id       uuid NOT NULL,
    type           text COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    recorded_at    timestamptz NOT NULL,
    metadata       text NOT NULL,  -- JSON object of strings; text, because jsonb costs a parse and changes the bytes
    data           text NOT NULL,  -- JSON, byte for byte as the codec wrote it
    CONSTRAINT event_stream_version PRIMARY KEY (stream_id, version),
    CONSTRAINT event_event_id UNIQUE (event_id),
    CONSTRAINT event_order UNIQUE (xid, seq)
);

-- The gapless global order, written by the sequencer alone. `hash` chains over the stored bytes of every event so far.
CREATE TABLE log (
    position bigint PRIMARY KEY CHECK (position > 0),
    xid      xid8 NOT NULL,
    seq      bigint NOT NULL,
    hash     bytea NOT NULL,
    CONSTRAINT log_order UNIQUE (xid, seq)
);

-- Where the sequencer stands, in one row. `epoch` fences: a leader writes only while the epoch is its own.
CREATE TABLE sequencer (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch     bigint NOT NULL DEFAULT 0,
    position  bigint NOT NULL DEFAULT 0,
    xid       xid8 NOT NULL DEFAULT '0',
    seq       bigint NOT NULL DEFAULT 0,
    hash      bytea NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000'
) WITH (fillfactor = 50);
INSERT INTO sequencer DEFAULT VALUES;

-- A fold of a stream up to `version`, to start loading from. Disposable: a new schema_version makes it stale.
CREATE TABLE snapshot (
    stream_id      text COLLATE "C" PRIMARY KEY,
    version        bigint NOT NULL,
    schema_version integer NOT NULL,
    data           text NOT NULL
);

-- How far each segment of a projection's version has read the log; moved by compare-and-set in the same transaction
-- as the rows it accounts for. `epoch` counts the readers that have claimed the segment.
CREATE TABLE checkpoint (
    projection text COLLATE "C" NOT NULL,
    version    integer NOT NULL,
    segment    integer NOT NULL,
    position   bigint NOT NULL DEFAULT 0,
    epoch      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, version, segment)
) WITH (fillfactor = 50);
