-- Drafts of orders. `state` is the fold of the draft's stream up to `version`, its personal fields sealed.
CREATE TABLE read.drafts (
    draft_id    uuid PRIMARY KEY,
    status      text COLLATE "C" NOT NULL,
    customer_id text COLLATE "C" NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    version     bigint NOT NULL,
    state       text NOT NULL
);
CREATE INDEX drafts_created ON read.drafts (created_at DESC, draft_id DESC);
CREATE INDEX drafts_status ON read.drafts (status, created_at DESC, draft_id DESC);
CREATE INDEX drafts_customer ON read.drafts (customer_id, created_at DESC, draft_id DESC);
