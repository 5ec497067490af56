-- What both simulators share: the answers they gave, by idempotency key, and the faults they were told to show.
-- All of it is in the database, so that a simulator that was killed comes back exactly as it was.

CREATE SCHEMA IF NOT EXISTS simulator;

CREATE TABLE IF NOT EXISTS simulator.answer (
    service      text NOT NULL,
    key          text NOT NULL,
    fingerprint  text NOT NULL,
    status       integer NOT NULL,
    body         text NOT NULL,
    answered_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, key)
);

-- A fault without an order meets every order's calls; one without a kind meets every kind of call.
-- `remaining` counts down with each call it meets; null lasts until it is lifted.
CREATE TABLE IF NOT EXISTS simulator.fault (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service    text NOT NULL,
    mode       text NOT NULL CHECK (mode IN ('error', 'refuse', 'hang', 'decline', 'lost_answer', 'slow')),
    order_id   uuid,
    kind       text,
    remaining  integer CHECK (remaining >= 0),
    code       text,
    seconds    double precision
);

-- The body of an answer that says no.
CREATE OR REPLACE FUNCTION simulator.refusal(p_code text, p_message text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN json_build_object('error', json_build_object('code', p_code, 'message', p_message))::text;

-- The fault that meets this call: the most particular one first. A counted one is used up by one; when another
-- call takes its last count first, the search starts again.
CREATE OR REPLACE FUNCTION simulator.meet_fault(p_service text, p_order uuid, p_kind text, p_modes text[])
RETURNS simulator.fault
LANGUAGE plpgsql AS $$
DECLARE
    met simulator.fault;
BEGIN
    LOOP
        SELECT * INTO met FROM simulator.fault f
        WHERE f.service = p_service AND f.mode = ANY (p_modes)
          AND (f.order_id IS NULL OR f.order_id = p_order)
          AND (f.kind IS NULL OR f.kind = p_kind)
          AND f.remaining IS DISTINCT FROM 0
        ORDER BY f.order_id NULLS LAST, f.kind NULLS LAST, f.id
        LIMIT 1;
        EXIT WHEN met.id IS NULL OR met.remaining IS NULL;
        UPDATE simulator.fault f SET remaining = f.remaining - 1 WHERE f.id = met.id AND f.remaining > 0;
        EXIT WHEN FOUND;
    END LOOP;
    RETURN met;
END $$;

-- Closes a key: whatever is done under it was done before, and every later request under it is refused.
CREATE OR REPLACE FUNCTION simulator.abandon(p_service text, p_key text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_service || '/' || p_key, 0));
    INSERT INTO simulator.answer (service, key, fingerprint, status, body)
    VALUES (p_service, p_key, 'abandoned', 409, simulator.refusal('abandoned', 'This key was abandoned.'))
    ON CONFLICT DO NOTHING;
END $$;

-- The answer given under this key before, or nulls. Waits for a twin in flight, so that one call at most acts
-- under a key; the primary key of `answer` stands behind the lock. Another body under the key is refused.
CREATE OR REPLACE FUNCTION simulator.recall(
    p_service text, p_key text, p_fingerprint text, OUT status integer, OUT body text
)
LANGUAGE plpgsql AS $$
DECLARE
    known simulator.answer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_service || '/' || p_key, 0));
    SELECT * INTO known FROM simulator.answer a WHERE a.service = p_service AND a.key = p_key;
    IF known.key IS NULL THEN
        RETURN;
    END IF;
    status := known.status;
    body := known.body;
    IF known.fingerprint NOT IN (p_fingerprint, 'abandoned') THEN
        status := 422;
        body := simulator.refusal('idempotency_key_reused', 'This key was used before with another request.');
    END IF;
END $$;
