-- Webhooks out: endpoints, their secrets, how far each order is at each of them, and what was attempted.

-- `from_position`: events up to there are not sent unless somebody asks for a replay. `failures`: in a row.
CREATE TABLE webhook_endpoint (
    endpoint_id   uuid PRIMARY KEY,
    url           text NOT NULL,
    description   text NOT NULL,
    event_types   text[] NOT NULL,
    state         text NOT NULL CHECK (state IN ('active', 'paused')),
    paused_reason text,
    paused_at     timestamptz,
    failures      integer NOT NULL DEFAULT 0,
    from_position bigint NOT NULL,
    created_by    text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK ((state = 'paused') = (paused_reason IS NOT NULL AND paused_at IS NOT NULL))
);

-- Wrapped by a master key. One without `expires_at` signs until it is replaced.
CREATE TABLE webhook_secret (
    key_id      uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    master      text NOT NULL,
    wrapped     bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz
);
CREATE INDEX webhook_secret_endpoint ON webhook_secret (endpoint_id);

-- One order at one endpoint: `delivered` is the last version that was sent or passed over, `wanted` the last there
-- is. Whoever sends holds the claim. `retrying`: a workflow has it, and other senders leave it alone. `due_at`: when
-- somebody must have looked after it, or it is found waiting and taken up.
CREATE TABLE webhook_lane (
    endpoint_id   uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    order_id      uuid NOT NULL,
    delivered     bigint NOT NULL,
    wanted        bigint NOT NULL,
    retrying      boolean NOT NULL DEFAULT false,
    failures      integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    claim         uuid,
    claimed_until timestamptz,
    due_at        timestamptz NOT NULL,
    PRIMARY KEY (endpoint_id, order_id)
);
CREATE INDEX webhook_lane_due ON webhook_lane (due_at) WHERE delivered < wanted;

-- Every attempt. No body is kept, only its hash: there is nothing personal to forget.
CREATE TABLE webhook_delivery (
    delivery_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id  uuid NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
    order_id     uuid,
    message_id   text NOT NULL,
    position     bigint,
    sequence     bigint,
    type         text NOT NULL,
    attempt      integer NOT NULL,
    succeeded    boolean NOT NULL,
    status       integer,
    error        text,
    milliseconds integer NOT NULL,
    body_sha256  text NOT NULL,
    attempted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX webhook_delivery_endpoint ON webhook_delivery (endpoint_id, delivery_id);
CREATE INDEX webhook_delivery_age ON webhook_delivery (attempted_at);
