-- The customers' data keys, each wrapped by a master key that is not in the database. A row outlives its key: an
-- erased customer is never given another. Leave this table out of backups that are kept longer than an erased person
-- may be readable (docs/privacy.md).
CREATE TABLE customer_key (
    customer_id  text COLLATE "C" PRIMARY KEY,
    key_id       uuid NOT NULL UNIQUE,
    master       text COLLATE "C" NOT NULL,  -- name of the master key that `wrapped` is under
    wrapped      bytea,                      -- null once the key is destroyed
    created_at   timestamptz NOT NULL DEFAULT now(),
    erased_at    timestamptz,
    forgotten_at timestamptz,                -- when every outside service had confirmed to have forgotten the customer
    CONSTRAINT erased_has_no_key CHECK ((wrapped IS NULL) = (erased_at IS NOT NULL)),
    CONSTRAINT forgotten_is_erased CHECK (forgotten_at IS NULL OR erased_at IS NOT NULL)
);

-- A customer's orders, as the store knows them the moment they are committed: an erasure must not miss one.
CREATE INDEX event_customer ON event ((data::json ->> 'customer_id')) WHERE type = 'OrderPlaced';
