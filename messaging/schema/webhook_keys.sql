-- An endpoint is made once per Idempotency-Key, which gives its id; `asked` tells another request under that key.
ALTER TABLE webhook_endpoint ADD COLUMN asked bytea;
