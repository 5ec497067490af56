-- Returns of orders. `state` is the fold of the return's events, `recorded_at` that of its first and its last.
CREATE TABLE read.returns (
    return_id    uuid PRIMARY KEY,
    order_id     uuid NOT NULL,
    status       text COLLATE "C" NOT NULL,
    requested_at timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    state        text NOT NULL
);
CREATE INDEX returns_status ON read.returns (status, requested_at, return_id);
CREATE INDEX returns_requested ON read.returns (requested_at, return_id);
