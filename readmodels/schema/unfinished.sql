-- Refunds by their grants, for the sweep that looks for those whose workflow was lost.
CREATE INDEX saga_steps_grants ON read.saga_steps (order_id, step) WHERE step LIKE 'grant-refund:%';
