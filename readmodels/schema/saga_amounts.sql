-- What a step has granted, or given back of a grant, in minor units of the order's currency; NULL for other steps.
ALTER TABLE read.saga_steps ADD COLUMN amount_minor bigint;
