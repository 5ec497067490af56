-- Which orders have which SKUs in them, and what else lists of orders are filtered and sorted by.
CREATE TABLE read.order_skus (
    sku      text COLLATE "C" NOT NULL,
    order_id uuid NOT NULL,
    PRIMARY KEY (sku, order_id)
);
CREATE INDEX orders_payment ON read.orders (payment_status, placed_at, order_id);
CREATE INDEX orders_fulfilment ON read.orders (fulfilment_status, placed_at, order_id);
CREATE INDEX orders_updated ON read.orders (updated_at, order_id);
CREATE INDEX orders_total ON read.orders (currency, total_minor, order_id);
