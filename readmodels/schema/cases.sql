-- Differences between the orders and the gateway's books. `state` is the fold of the case's stream up to `version`.
CREATE TABLE read.cases (
    case_id    uuid PRIMARY KEY,
    status     text COLLATE "C" NOT NULL,
    order_id   uuid NOT NULL,
    opened_at  timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version    bigint NOT NULL,
    state      text NOT NULL
);
CREATE INDEX cases_status ON read.cases (status, opened_at, case_id);
CREATE INDEX cases_opened ON read.cases (opened_at, case_id);
