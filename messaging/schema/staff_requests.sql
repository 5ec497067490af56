-- What staff asked of the API: commands, reads of personal data, exports, and what was refused. Bodies are not kept.
CREATE TABLE staff_request (
    number     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    actor      text NOT NULL,
    action     text NOT NULL,
    target     text NOT NULL,
    outcome    integer NOT NULL,
    personal   boolean NOT NULL,
    request_id text NOT NULL,
    noted_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX staff_request_actor ON staff_request (actor, number);
CREATE INDEX staff_request_id ON staff_request (request_id);
CREATE INDEX staff_request_age ON staff_request (noted_at);
