-- Exports of orders, made beside the requests. Parts name orders and say nothing of them: what a download shows is
-- read when it is downloaded, so that a finished export holds nothing to forget.
CREATE TABLE order_export (
    export_id     uuid PRIMARY KEY,
    owner         text NOT NULL,
    asked         bytea NOT NULL,
    format        text NOT NULL CHECK (format IN ('jsonl', 'csv')),
    search        text NOT NULL,
    state         text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')),
    orders        bigint NOT NULL DEFAULT 0,
    estimated     bigint,
    cursor        text,
    claim         uuid,
    claimed_until timestamptz,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at      timestamptz,
    expires_at    timestamptz NOT NULL
);
CREATE INDEX order_export_open ON order_export (created_at) WHERE state = 'running';
CREATE INDEX order_export_age ON order_export (expires_at);

CREATE TABLE order_export_part (
    export_id uuid NOT NULL REFERENCES order_export ON DELETE CASCADE,
    number    integer NOT NULL,
    order_ids uuid[] NOT NULL,
    PRIMARY KEY (export_id, number)
);
