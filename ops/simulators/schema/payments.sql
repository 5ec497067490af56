-- The books of the simulated payment gateway. `payment` holds the sums, `effect` says every one that was made.

CREATE SCHEMA IF NOT EXISTS payments;

-- How a method behaves on calls of its kind: ok, decline (with `code`), flaky (fails twice per key), slow, lost_answer.
-- A method that is not available answers 503 on those calls until it is made available.
CREATE TABLE IF NOT EXISTS payments.method (
    name       text PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('authorization', 'capture', 'void', 'refund')),
    behaviour  text NOT NULL CHECK (behaviour IN ('ok', 'decline', 'flaky', 'slow', 'lost_answer')),
    code       text,
    available  boolean NOT NULL
);

INSERT INTO payments.method (name, kind, behaviour, code, available) VALUES
    ('sim_ok',                  'authorization', 'ok',          NULL,                 true),
    ('sim_declined',            'authorization', 'decline',     'card_declined',      true),
    ('sim_insufficient_funds',  'authorization', 'decline',     'insufficient_funds', true),
    ('sim_flaky',               'authorization', 'flaky',       NULL,                 true),
    ('sim_slow',                'authorization', 'slow',        NULL,                 true),
    ('sim_down',                'authorization', 'ok',          NULL,                 false),
    ('sim_lost_answer',         'authorization', 'lost_answer', NULL,                 true),
    ('sim_capture_declined',    'capture',       'decline',     'capture_declined',   true),
    ('sim_capture_down',        'capture',       'ok',          NULL,                 false),
    ('sim_capture_lost_answer', 'capture',       'lost_answer', NULL,                 true),
    ('sim_void_down',           'void',          'ok',          NULL,                 false),
    ('sim_void_lost_answer',    'void',          'lost_answer', NULL,                 true),
    ('sim_refund_down',         'refund',        'ok',          NULL,                 false),
    ('sim_refund_lost_answer',  'refund',        'lost_answer', NULL,                 true)
ON CONFLICT (name) DO NOTHING;

CREATE TABLE IF NOT EXISTS payments.payment (
    id          text PRIMARY KEY,
    order_id    uuid NOT NULL,
    method      text NOT NULL REFERENCES payments.method,
    currency    text NOT NULL,
    authorized  bigint NOT NULL CHECK (authorized > 0),
    captured    bigint NOT NULL DEFAULT 0 CHECK (captured >= 0),
    voided      bigint NOT NULL DEFAULT 0 CHECK (voided >= 0),
    refunded    bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    CONSTRAINT captured_within_authorized CHECK (captured + voided <= authorized),
    CONSTRAINT refunded_within_captured CHECK (refunded <= captured)
);

-- From then on the payment can no longer be captured; null: without end. What is left of it is to be voided still.
ALTER TABLE payments.payment ADD COLUMN IF NOT EXISTS expires_at timestamptz;

-- One row: how long an authorisation lasts; null: without end.
CREATE TABLE IF NOT EXISTS payments.rules (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    lifetime  interval
);

CREATE TABLE IF NOT EXISTS payments.effect (
    seq              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind             text NOT NULL CHECK (kind IN ('authorization', 'capture', 'void', 'refund')),
    reference        text NOT NULL UNIQUE,
    payment          text NOT NULL REFERENCES payments.payment,
    order_id         uuid NOT NULL,
    idempotency_key  text NOT NULL UNIQUE,
    minor            bigint NOT NULL CHECK (minor > 0),
    currency         text NOT NULL,
    created_at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS effect_by_order ON payments.effect (order_id, seq);

-- How often a flaky method has failed a key.
CREATE TABLE IF NOT EXISTS payments.attempt (
    key    text PRIMARY KEY,
    tries  integer NOT NULL
);

CREATE OR REPLACE FUNCTION payments.as_json(e payments.effect) RETURNS text
LANGUAGE sql STABLE
RETURN json_build_object(
    'kind', e.kind, 'reference', e.reference, 'payment', e.payment, 'order_id', e.order_id,
    'idempotency_key', e.idempotency_key, 'amount', json_build_object('minor', e.minor, 'currency', e.currency),
    'created_at', e.created_at
)::text;

-- Why a change of a payment is not possible, or null. `held` is the locked row.
CREATE OR REPLACE FUNCTION payments.objection(held payments.payment, p_kind text, p_minor bigint, p_currency text)
RETURNS text
LANGUAGE sql STABLE
RETURN CASE
    WHEN p_kind = 'capture' AND held.expires_at <= now() THEN 'authorization_expired'
    WHEN p_currency <> held.currency THEN 'currency_mismatch'
    WHEN p_kind = 'capture' AND p_minor > held.authorized - held.voided - held.captured THEN 'exceeds_authorized'
    WHEN p_kind = 'refund' AND p_minor > held.captured - held.refunded THEN 'exceeds_captured'
    WHEN p_kind = 'void' AND p_minor = 0 THEN 'nothing_to_void'
END;

-- Does the thing: moves the sums under the payment's row lock and writes the effect, or answers why not.
CREATE OR REPLACE FUNCTION payments.act(
    p_key text, p_kind text, p_order uuid, p_payment text, p_method text, p_minor bigint, p_currency text,
    OUT status integer, OUT body text
)
LANGUAGE plpgsql AS $$
DECLARE
    held payments.payment;
    refused text;
    made payments.effect;
    token text := replace(gen_random_uuid()::text, '-', '');
BEGIN
    IF p_kind = 'authorization' THEN
        p_payment := 'pay_' || token;
        INSERT INTO payments.payment (id, order_id, method, currency, authorized, expires_at)
        VALUES (
            p_payment, p_order, p_method, p_currency, p_minor, now() + (SELECT r.lifetime FROM payments.rules r)
        );
    ELSE
        SELECT * INTO held FROM payments.payment p WHERE p.id = p_payment FOR UPDATE;
        IF p_kind = 'void' THEN
            p_minor := held.authorized - held.voided - held.captured;
            p_currency := held.currency;
        END IF;
        refused := payments.objection(held, p_kind, p_minor, p_currency);
        IF refused IS NOT NULL THEN
            status := 409;
            body := simulator.refusal(refused, 'The payment does not allow this ' || p_kind || '.');
            RETURN;
        END IF;
        UPDATE payments.payment p SET
            captured = p.captured + CASE WHEN p_kind = 'capture' THEN p_minor ELSE 0 END,
            voided = p.voided + CASE WHEN p_kind = 'void' THEN p_minor ELSE 0 END,
            refunded = p.refunded + CASE WHEN p_kind = 'refund' THEN p_minor ELSE 0 END
        WHERE p.id = p_payment;
    END IF;
    INSERT INTO payments.effect AS e (kind, reference, payment, order_id, idempotency_key, minor, currency)
    VALUES (
        p_kind, CASE WHEN p_kind = 'authorization' THEN p_payment ELSE left(p_kind, 3) || '_' || token END,
        p_payment, p_order, p_key, p_minor, p_currency
    )
    RETURNING e.* INTO made;
    status := CASE WHEN p_kind = 'void' THEN 200 ELSE 201 END;
    body := payments.as_json(made);
END $$;

-- True on the first two tries of a key.
CREATE OR REPLACE FUNCTION payments.fails_again(p_key text) RETURNS boolean
LANGUAGE sql AS $$
    INSERT INTO payments.attempt AS a (key, tries) VALUES (p_key, 1)
    ON CONFLICT (key) DO UPDATE SET tries = a.tries + 1
    RETURNING a.tries <= 2
$$;

-- One POST, whole, in one transaction. `mode` says how the answer is to be given: null normally, `slow` after
-- `seconds`, and so on; a fault of mode error, refuse or hang comes before anything is done.
CREATE OR REPLACE FUNCTION payments.perform(
    p_key text, p_fingerprint text, p_kind text, p_order uuid, p_payment text, p_method text, p_minor bigint,
    p_currency text, OUT status integer, OUT body text, OUT mode text, OUT seconds double precision
)
LANGUAGE plpgsql AS $$
DECLARE
    fault simulator.fault;
    chosen payments.method;
BEGIN
    IF p_kind <> 'authorization' THEN
        SELECT p.order_id, p.method INTO p_order, p_method FROM payments.payment p WHERE p.id = p_payment;
        IF NOT FOUND THEN
            status := 404;
            body := simulator.refusal('unknown_payment', 'There is no such payment.');
            RETURN;
        END IF;
    END IF;
    SELECT * INTO chosen FROM payments.method m WHERE m.name = p_method;
    fault := simulator.meet_fault('payments', p_order, p_kind, ARRAY['error', 'refuse', 'hang']);
    IF fault.id IS NULL AND chosen.kind = p_kind
       AND (NOT chosen.available OR (chosen.behaviour = 'flaky' AND payments.fails_again(p_key))) THEN
        fault.mode := 'error';
    END IF;
    IF fault.mode IS NOT NULL THEN
        status := 503;
        body := simulator.refusal('unavailable', 'The gateway is not available.');
        mode := fault.mode;
        RETURN;
    END IF;

    SELECT r.status, r.body INTO status, body FROM simulator.recall('payments', p_key, p_fingerprint) r;
    IF status IS NOT NULL THEN
        RETURN;
    END IF;

    fault := simulator.meet_fault('payments', p_order, p_kind, ARRAY['decline', 'lost_answer', 'slow']);
    IF fault.id IS NULL AND chosen.kind = p_kind THEN
        fault.mode := chosen.behaviour;
        fault.code := chosen.code;
    END IF;
    IF chosen.name IS NULL THEN
        status := 409;
        body := simulator.refusal('unknown_method', 'There is no such payment method.');
    ELSIF fault.mode = 'decline' THEN
        status := CASE WHEN p_kind = 'authorization' THEN 402 ELSE 409 END;
        body := simulator.refusal(coalesce(fault.code, 'card_declined'), 'The ' || p_kind || ' was declined.');
    ELSE
        SELECT a.status, a.body INTO status, body
        FROM payments.act(p_key, p_kind, p_order, p_payment, p_method, p_minor, p_currency) a;
    END IF;
    INSERT INTO simulator.answer (service, key, fingerprint, status, body)
    VALUES ('payments', p_key, p_fingerprint, status, body);
    IF fault.mode IN ('lost_answer', 'slow') THEN
        mode := fault.mode;
        seconds := fault.seconds;
    END IF;
END $$;

-- The books, oldest first, after a position; of one order or one key where given.
CREATE OR REPLACE FUNCTION payments.list_effects(p_order uuid, p_key text, p_after bigint, p_limit integer)
RETURNS TABLE (seq bigint, body text)
LANGUAGE sql STABLE AS $$
    SELECT e.seq, payments.as_json(e) FROM payments.effect e
    WHERE (p_order IS NULL OR e.order_id = p_order) AND (p_key IS NULL OR e.idempotency_key = p_key)
      AND e.seq > p_after
    ORDER BY e.seq LIMIT p_limit
$$;
