-- What the staff did: an event each, by its place in the log.
CREATE TABLE read.audit (
    position    bigint PRIMARY KEY,
    actor       text COLLATE "C" NOT NULL,
    action      text COLLATE "C" NOT NULL,
    stream      text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    order_id    uuid,
    reason      text,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX audit_actor ON read.audit (actor, position);
CREATE INDEX audit_action ON read.audit (action, position);
CREATE INDEX audit_order ON read.audit (order_id, position) WHERE order_id IS NOT NULL;
