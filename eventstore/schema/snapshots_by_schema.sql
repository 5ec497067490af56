-- Two releases that run side by side fold differently: each keeps its own snapshot of a stream.
ALTER TABLE snapshot DROP CONSTRAINT snapshot_pkey, ADD PRIMARY KEY (stream_id, schema_version);
