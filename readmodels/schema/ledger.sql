-- A row for each event that posts to an order's ledger. `entries` is a JSON list of (account, minor units), debits
-- positive; `balances` is a JSON object of every account's minor units after the event.
CREATE TABLE read.ledger (
    order_id    uuid NOT NULL,
    version     bigint NOT NULL,
    type        text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    entries     text NOT NULL,
    balances    text NOT NULL,
    PRIMARY KEY (order_id, version)
);
