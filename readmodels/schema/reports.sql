-- What reports add up. Days are those of placing, in UTC. All but `report_orders` change by increments alone.
-- `stages` of an order: the stages it has reached, each once, separated by blanks.
CREATE TABLE read.report_orders (
    order_id  uuid PRIMARY KEY,
    placed_at timestamptz NOT NULL,
    country   text COLLATE "C" NOT NULL,
    currency  text COLLATE "C" NOT NULL,
    stages    text COLLATE "C" NOT NULL
) WITH (fillfactor = 70);

CREATE TABLE read.report_sales (
    day       date NOT NULL,
    country   text COLLATE "C" NOT NULL,
    currency  text COLLATE "C" NOT NULL,
    orders    bigint NOT NULL,
    cancelled bigint NOT NULL,
    units     bigint NOT NULL,
    ordered   bigint NOT NULL,
    captured  bigint NOT NULL,
    refunded  bigint NOT NULL,
    PRIMARY KEY (day, country, currency)
) WITH (fillfactor = 50);

CREATE TABLE read.report_products (
    day      date NOT NULL,
    sku      text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    units    bigint NOT NULL,
    ordered  bigint NOT NULL,
    PRIMARY KEY (day, sku, currency)
) WITH (fillfactor = 50);

-- Orders that reached a stage, by how long after the placing: less than 2^bucket milliseconds.
CREATE TABLE read.report_stages (
    day          date NOT NULL,
    stage        text COLLATE "C" NOT NULL,
    bucket       bigint NOT NULL,
    orders       bigint NOT NULL,
    milliseconds bigint NOT NULL,
    PRIMARY KEY (day, stage, bucket)
) WITH (fillfactor = 50);
