-- Returns that a workflow has something to do for: what the recovery sweep looks for.
ALTER TABLE read.returns ADD COLUMN at_work boolean NOT NULL DEFAULT false;
UPDATE read.returns SET at_work = status IN ('approved', 'refunding', 'replacing');
CREATE INDEX returns_at_work ON read.returns (return_id) WHERE at_work;
