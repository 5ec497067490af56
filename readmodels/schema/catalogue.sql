-- What the catalogue shows beside names and standing prices: lists by category, attribute and price, search, the
-- history of prices, the tree of categories and the attributes that there are.

-- Builds of the products that know only what there was before could not be gone back to.
SELECT drop_build('products', 'previous', ARRAY['products']);
SELECT drop_build('products', 'candidate', ARRAY['products']);

-- `scheduled` are the prices that count for a while, as JSON; `state` is the fold of the product's stream up to
-- `version`; `search_name` and `search_text` are words as readmodels/words.py writes them.
ALTER TABLE read.products
    ADD COLUMN scheduled   text NOT NULL DEFAULT '[]',
    ADD COLUMN version     bigint NOT NULL DEFAULT 0,
    ADD COLUMN updated_at  timestamptz,
    ADD COLUMN state       text NOT NULL DEFAULT '',
    ADD COLUMN search_name text NOT NULL DEFAULT '',
    ADD COLUMN search_text text NOT NULL DEFAULT '';

-- product_document: what a search looks in. A word of the name counts for more than one of the description.
CREATE FUNCTION product_document(name text, description text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN setweight(to_tsvector('pg_catalog.simple'::regconfig, name), 'A')
    || setweight(to_tsvector('pg_catalog.simple'::regconfig, description), 'C');

-- Kept, because a search ranks all its matches: taking their texts apart for that would take most of its time.
ALTER TABLE read.products
    ADD COLUMN document tsvector GENERATED ALWAYS AS (product_document(search_name, search_text)) STORED;
CREATE INDEX products_search ON read.products USING gin (document);

CREATE TABLE read.product_categories (
    category text COLLATE "C" NOT NULL,
    sku      text COLLATE "C" NOT NULL,
    PRIMARY KEY (category, sku)
);
CREATE INDEX product_categories_sku ON read.product_categories (sku);

CREATE TABLE read.product_attributes (
    attribute text COLLATE "C" NOT NULL,
    sku       text COLLATE "C" NOT NULL,
    value     text COLLATE "C" NOT NULL,
    PRIMARY KEY (attribute, sku)
);
CREATE INDEX product_attributes_value ON read.product_attributes (attribute, value, sku);
CREATE INDEX product_attributes_sku ON read.product_attributes (sku);

-- The prices that count now or later; the standing one has an empty `price_id`, and no times.
CREATE TABLE read.product_prices (
    sku         text COLLATE "C" NOT NULL,
    currency    text COLLATE "C" NOT NULL,
    price_id    text COLLATE "C" NOT NULL,
    minor       bigint NOT NULL,
    valid_from  timestamptz,
    valid_until timestamptz,
    PRIMARY KEY (sku, currency, price_id)
);
CREATE INDEX product_prices_range ON read.product_prices (currency, minor, sku);

-- Every change of a price, for ever; `nr` tells those of one event apart. What ends a price has no amount.
CREATE TABLE read.price_changes (
    sku         text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    nr          integer NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    price_id    text COLLATE "C" NOT NULL,
    minor       bigint,
    currency    text COLLATE "C",
    valid_from  timestamptz,
    valid_until timestamptz,
    recorded_at timestamptz NOT NULL,
    actor       text COLLATE "C" NOT NULL,
    PRIMARY KEY (sku, version, nr)
);

CREATE TABLE read.categories (
    category text COLLATE "C" PRIMARY KEY,
    name     text NOT NULL,
    parent   text COLLATE "C"
);
CREATE INDEX categories_parent ON read.categories (parent);

-- `choices` is a JSON array of texts.
CREATE TABLE read.attributes (
    attribute text COLLATE "C" PRIMARY KEY,
    label     text NOT NULL,
    kind      text COLLATE "C" NOT NULL,
    choices   text NOT NULL
);
