-- What operators wrote at an order (`note`), and whom it was handed to (`assigned`; the newest tells who has it).
CREATE TABLE read.saga_notes (
    order_id    uuid NOT NULL,
    version     bigint NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    author      text NOT NULL,
    text        text NOT NULL,
    assignee    text COLLATE "C",
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);
CREATE INDEX saga_notes_assigned ON read.saga_notes (order_id, version) WHERE kind = 'assigned';
