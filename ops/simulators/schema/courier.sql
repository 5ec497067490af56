-- How parcels move and how news of them is queued. Run by the one courier that leads.

CREATE OR REPLACE FUNCTION carrier.may_move(p_order uuid, p_due timestamptz) RETURNS boolean
LANGUAGE sql STABLE
RETURN p_due = to_timestamp(0)
    OR NOT EXISTS (SELECT FROM carrier.pause p WHERE p.order_id IS NULL OR p.order_id = p_order);

-- Moves what is due by one state and queues the news, in one transaction. `p_transit` is the time from booking to
-- delivery. A row held by a cancellation is left for the next turn.
CREATE OR REPLACE FUNCTION carrier.move_due(p_now timestamptz, p_transit interval, p_limit integer) RETURNS integer
LANGUAGE sql AS $$
    WITH due AS (
        SELECT b.seq FROM carrier.booking b
        WHERE b.due_at <= p_now AND carrier.may_move(b.order_id, b.due_at)
        ORDER BY b.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), moved AS (
        UPDATE carrier.booking b SET
            status = CASE b.status WHEN 'booked' THEN 'dispatched' ELSE 'delivered' END,
            sequence = b.sequence + 1,
            due_at = CASE b.status WHEN 'booked' THEN b.booked_at + p_transit END
        FROM due WHERE b.seq = due.seq
        RETURNING b.reference, b.sequence, b.shipment_id, b.order_id, b.status
    ), queued AS (
        INSERT INTO carrier.webhook (booking, sequence, shipment_id, order_id, status, occurred_at, next_attempt_at)
        SELECT m.reference, m.sequence, m.shipment_id, m.order_id, m.status, p_now, p_now FROM moved m
        RETURNING 1
    )
    SELECT count(*)::integer FROM queued
$$;

-- News ready to be pushed: the earliest of each booking, of bookings that have none in flight.
CREATE OR REPLACE FUNCTION carrier.ready_webhooks(p_now timestamptz, p_in_flight text[], p_limit integer)
RETURNS SETOF carrier.webhook
LANGUAGE sql STABLE AS $$
    SELECT w.* FROM carrier.webhook w
    WHERE w.delivered_at IS NULL AND NOT w.dead AND w.next_attempt_at <= p_now AND w.booking <> ALL (p_in_flight)
      AND NOT EXISTS (
          SELECT FROM carrier.webhook e
          WHERE e.booking = w.booking AND e.sequence < w.sequence AND e.delivered_at IS NULL AND NOT e.dead
      )
    ORDER BY w.next_attempt_at, w.sequence LIMIT p_limit
$$;

-- Writes down how pushes went; a null `retry` means there will be no further attempt. What is delivered stays so: a
-- courier that lost the lead and has it again may come with old news of it.
CREATE OR REPLACE FUNCTION carrier.settle_webhooks(
    p_now timestamptz, p_bookings text[], p_sequences integer[], p_errors text[], p_retries timestamptz[]
) RETURNS void
LANGUAGE sql AS $$
    UPDATE carrier.webhook w SET
        attempts = w.attempts + 1, error = s.error, next_attempt_at = coalesce(s.retry, w.next_attempt_at),
        delivered_at = CASE WHEN s.error IS NULL THEN p_now END, dead = s.error IS NOT NULL AND s.retry IS NULL
    FROM unnest(p_bookings, p_sequences, p_errors, p_retries) AS s (booking, sequence, error, retry)
    WHERE w.booking = s.booking AND w.sequence = s.sequence AND w.delivered_at IS NULL
$$;

-- Seconds until the next movement or retry; null when nothing lies ahead. Movements already due count as zero.
CREATE OR REPLACE FUNCTION carrier.next_wait(p_now timestamptz) RETURNS double precision
LANGUAGE sql STABLE AS $$
    SELECT greatest(extract(epoch FROM least(
        (SELECT min(b.due_at) FROM carrier.booking b
         WHERE b.due_at IS NOT NULL AND carrier.may_move(b.order_id, b.due_at)),
        (SELECT min(w.next_attempt_at) FROM carrier.webhook w
         WHERE w.delivered_at IS NULL AND NOT w.dead AND w.next_attempt_at > p_now)
    ) - p_now), 0)::double precision
$$;
