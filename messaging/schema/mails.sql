-- Mails about orders: one row per event that asked for one. Nothing personal is kept; an address is looked up anew.
CREATE TABLE mail (
    event_id   uuid PRIMARY KEY,
    order_id   uuid NOT NULL,
    kind       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('retrying', 'sent', 'failed', 'skipped')),
    attempts   integer NOT NULL,
    reason     text,
    first_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX mail_newest ON mail (first_at DESC, event_id DESC);
CREATE INDEX mail_order ON mail (order_id, first_at DESC, event_id DESC);
CREATE INDEX mail_state ON mail (state, first_at DESC, event_id DESC);
