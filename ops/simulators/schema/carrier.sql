-- The books of the simulated carrier. As at a real one, the label of each parcel is kept, with whom it went to, until
-- the carrier is told to forget the person.

CREATE SCHEMA IF NOT EXISTS carrier;

CREATE TABLE IF NOT EXISTS carrier.booking (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference        text NOT NULL UNIQUE,
    shipment_id      text NOT NULL,
    order_id         uuid NOT NULL,
    idempotency_key  text NOT NULL UNIQUE,
    tracking_number  text NOT NULL,
    warehouse        text NOT NULL,
    items            text NOT NULL,
    status           text NOT NULL CHECK (status IN ('booked', 'cancelled', 'dispatched', 'delivered')),
    sequence         integer NOT NULL DEFAULT 0,
    booked_at        timestamptz NOT NULL,
    due_at           timestamptz,  -- of the next movement; the epoch means at once, even when paused
    label            text  -- recipient and address as JSON; null once forgotten
);
ALTER TABLE carrier.booking ADD COLUMN IF NOT EXISTS label text;
CREATE INDEX IF NOT EXISTS booking_by_order ON carrier.booking (order_id, seq);
CREATE INDEX IF NOT EXISTS booking_by_due ON carrier.booking (due_at) WHERE due_at IS NOT NULL;

-- News to be pushed, written in the transaction that moves the parcel.
CREATE TABLE IF NOT EXISTS carrier.webhook (
    booking          text NOT NULL REFERENCES carrier.booking (reference),
    sequence         integer NOT NULL,
    shipment_id      text NOT NULL,
    order_id         uuid NOT NULL,
    status           text NOT NULL,
    occurred_at      timestamptz NOT NULL,
    attempts         integer NOT NULL DEFAULT 0,
    next_attempt_at  timestamptz NOT NULL,
    delivered_at     timestamptz,
    dead             boolean NOT NULL DEFAULT false,
    error            text,
    PRIMARY KEY (booking, sequence)
);
CREATE INDEX IF NOT EXISTS webhook_pending
    ON carrier.webhook (next_attempt_at, sequence) WHERE delivered_at IS NULL AND NOT dead;
CREATE INDEX IF NOT EXISTS webhook_dead ON carrier.webhook (occurred_at) WHERE dead;

-- Parcels that stand still: an order's, or all of them (order_id null).
CREATE TABLE IF NOT EXISTS carrier.pause (order_id uuid UNIQUE NULLS NOT DISTINCT);

CREATE OR REPLACE FUNCTION carrier.as_json(b carrier.booking) RETURNS text
LANGUAGE sql STABLE
RETURN json_build_object(
    'reference', b.reference, 'shipment_id', b.shipment_id, 'order_id', b.order_id,
    'idempotency_key', b.idempotency_key, 'tracking_number', b.tracking_number, 'status', b.status,
    'sequence', b.sequence, 'booked_at', b.booked_at
)::text;

-- Accepts a parcel, due for collection at p_due.
CREATE OR REPLACE FUNCTION carrier.accept(
    p_key text, p_order uuid, p_shipment text, p_warehouse text, p_items text, p_now timestamptz, p_due timestamptz,
    p_label text
) RETURNS text
LANGUAGE sql AS $$
    WITH token AS (SELECT replace(gen_random_uuid()::text, '-', '') AS id)
    INSERT INTO carrier.booking AS b (
        reference, shipment_id, order_id, idempotency_key, tracking_number, warehouse, items, status, booked_at, due_at,
        label
    )
    SELECT 'bkg_' || id, p_shipment, p_order, p_key, 'SIM' || upper(left(id, 12)), p_warehouse, p_items, 'booked',
           p_now, p_due, p_label
    FROM token
    RETURNING carrier.as_json(b)
$$;

-- Cancels a booking. The row lock decides between a cancellation and a collection: whoever has it first.
CREATE OR REPLACE FUNCTION carrier.call_off(p_reference text, OUT status integer, OUT body text)
LANGUAGE plpgsql AS $$
DECLARE
    held carrier.booking;
BEGIN
    SELECT * INTO held FROM carrier.booking b WHERE b.reference = p_reference FOR UPDATE;
    IF held.status NOT IN ('booked', 'cancelled') THEN
        status := 409;
        body := simulator.refusal('already_dispatched', 'The parcel was collected.');
        RETURN;
    END IF;
    UPDATE carrier.booking b SET status = 'cancelled', due_at = NULL WHERE b.reference = p_reference
    RETURNING b.* INTO held;
    status := 200;
    body := carrier.as_json(held);
END $$;

-- One POST, whole, in one transaction: kind `booking` (a parcel is given) or `cancel` (a reference is given).
-- `mode` says how the answer is to be given, as in payments.perform.
CREATE OR REPLACE FUNCTION carrier.perform(
    p_key text, p_fingerprint text, p_kind text, p_reference text, p_order uuid, p_shipment text, p_warehouse text,
    p_items text, p_now timestamptz, p_due timestamptz, p_label text,
    OUT status integer, OUT body text, OUT mode text, OUT seconds double precision
)
LANGUAGE plpgsql AS $$
DECLARE
    fault simulator.fault;
BEGIN
    IF p_kind = 'cancel' THEN
        SELECT b.order_id INTO p_order FROM carrier.booking b WHERE b.reference = p_reference;
        IF NOT FOUND THEN
            status := 404;
            body := simulator.refusal('unknown_booking', 'There is no such booking.');
            RETURN;
        END IF;
    END IF;
    fault := simulator.meet_fault('carrier', p_order, p_kind, ARRAY['error', 'refuse', 'hang']);
    IF fault.id IS NOT NULL THEN
        status := 503;
        body := simulator.refusal('unavailable', 'The carrier is not available.');
        mode := fault.mode;
        RETURN;
    END IF;

    SELECT r.status, r.body INTO status, body FROM simulator.recall('carrier', p_key, p_fingerprint) r;
    IF status IS NOT NULL THEN
        RETURN;
    END IF;

    fault := simulator.meet_fault('carrier', p_order, p_kind, ARRAY['decline', 'lost_answer', 'slow']);
    IF fault.mode = 'decline' THEN
        status := 409;
        body := simulator.refusal(coalesce(fault.code, 'not_served'), 'The carrier refuses this ' || p_kind || '.');
    ELSIF p_kind = 'cancel' THEN
        SELECT c.status, c.body INTO status, body FROM carrier.call_off(p_reference) c;
    ELSE
        status := 201;
        body := carrier.accept(p_key, p_order, p_shipment, p_warehouse, p_items, p_now, p_due, p_label);
    END IF;
    INSERT INTO simulator.answer (service, key, fingerprint, status, body)
    VALUES ('carrier', p_key, p_fingerprint, status, body);
    mode := fault.mode;
    seconds := fault.seconds;
END $$;

-- Bookings, oldest first, after a position; of one order, key or reference where given.
CREATE OR REPLACE FUNCTION carrier.list_bookings(
    p_order uuid, p_key text, p_reference text, p_after bigint, p_limit integer
) RETURNS TABLE (seq bigint, body text)
LANGUAGE sql STABLE AS $$
    SELECT b.seq, carrier.as_json(b) FROM carrier.booking b
    WHERE (p_order IS NULL OR b.order_id = p_order) AND (p_key IS NULL OR b.idempotency_key = p_key)
      AND (p_reference IS NULL OR b.reference = p_reference) AND b.seq > p_after
    ORDER BY b.seq LIMIT p_limit
$$;
