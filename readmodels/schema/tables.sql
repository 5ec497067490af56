-- The read models' tables, in a schema of their own. All of it is made from the log: a projection may be emptied and
-- filled again at any time (`rebuild`). Written by the projector alone. Ids and codes sort by bytes, so that a prefix
-- is a range.
CREATE SCHEMA read;

-- `state` is the whole fold of the order's stream up to `version`, as JSON; the columns are what lists filter and show.
CREATE TABLE read.orders (
    order_id          uuid PRIMARY KEY,
    order_number      text COLLATE "C" NOT NULL,
    customer_id       text COLLATE "C" NOT NULL,
    status            text COLLATE "C" NOT NULL,
    payment_status    text COLLATE "C" NOT NULL,
    fulfilment_status text COLLATE "C" NOT NULL,
    attention         boolean NOT NULL,
    total_minor       bigint NOT NULL,
    currency          text COLLATE "C" NOT NULL,
    placed_at         timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    version           bigint NOT NULL,
    state             text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX orders_number ON read.orders (order_number);
CREATE INDEX orders_placed ON read.orders (placed_at, order_id);
CREATE INDEX orders_status ON read.orders (status, placed_at, order_id);
CREATE INDEX orders_customer ON read.orders (customer_id, placed_at, order_id);
CREATE INDEX orders_attention ON read.orders (placed_at, order_id) WHERE attention;

CREATE TABLE read.timeline (
    order_id    uuid NOT NULL,
    version     bigint NOT NULL,
    position    bigint NOT NULL,
    type        text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    step        text COLLATE "C",
    actor       text COLLATE "C",
    data        text NOT NULL,
    PRIMARY KEY (order_id, version)
);

-- `first_version` is the version of the step's first event: steps of one append share their time.
CREATE TABLE read.saga_steps (
    order_id      uuid NOT NULL,
    step          text COLLATE "C" NOT NULL,
    state         text COLLATE "C" NOT NULL,
    error_type    text COLLATE "C",
    error         text,
    started_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    first_version bigint NOT NULL,
    PRIMARY KEY (order_id, step)
) WITH (fillfactor = 80);
CREATE INDEX saga_steps_stalled ON read.saga_steps (updated_at, order_id, step) WHERE state = 'stalled';

CREATE TABLE read.stock (
    sku       text COLLATE "C" NOT NULL,
    warehouse text COLLATE "C" NOT NULL,
    on_hand   bigint NOT NULL,
    reserved  bigint NOT NULL,
    PRIMARY KEY (sku, warehouse)
) WITH (fillfactor = 50);

-- `prices` is a JSON object of minor units by currency.
CREATE TABLE read.products (
    sku    text COLLATE "C" PRIMARY KEY,
    name   text NOT NULL,
    prices text NOT NULL,
    status text COLLATE "C" NOT NULL
);
