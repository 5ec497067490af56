-- adopt_log: makes a log restored from a dump at home in this cluster, and returns its last position.
--
-- Transaction ids of the cluster that wrote the events say nothing here and may lie in this cluster's future. This
-- sequences what the dump held unsequenced, then marks every event as older than any transaction (xid 2, the frozen
-- one; (xid, seq) must stay unique and seq ascending in log order, so seq becomes the position). Nothing may append
-- meanwhile: it locks the tables. It rewrites `event` once; positions, bytes and hashes stay as they are.
--
-- Raises WB004 where something was appended between the restore and this: such an event may sort before what the dump
-- held, and nothing tells the two apart.
CREATE OR REPLACE FUNCTION adopt_log() RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    state sequencer;
    row   record;
    first bigint;
BEGIN
    LOCK TABLE event, log, sequencer IN ACCESS EXCLUSIVE MODE;
    SELECT * INTO STRICT state FROM sequencer;
    first := state.position + 1;
    FOR row IN
        SELECT e AS whole, e.xid, e.seq FROM event AS e
        WHERE (e.xid, e.seq) > (state.xid, state.seq) ORDER BY e.xid, e.seq
    LOOP
        state.position := state.position + 1;
        state.hash := sha256(state.hash || event_digest(state.position, row.whole));
        INSERT INTO log (position, xid, seq, hash) VALUES (state.position, row.xid, row.seq, state.hash);
    END LOOP;
    IF EXISTS (
        SELECT FROM event AS e WHERE NOT EXISTS (SELECT FROM log AS l WHERE (l.xid, l.seq) = (e.xid, e.seq))
    ) OR EXISTS (
        SELECT FROM (
            SELECT e.version, lag(e.version) OVER (PARTITION BY e.stream_id ORDER BY l.position) AS before
            FROM log AS l JOIN event AS e ON (e.xid, e.seq) = (l.xid, l.seq) WHERE l.position >= first
        ) AS tail WHERE tail.version < tail.before
    ) THEN
        RAISE EXCEPTION 'events were appended after the restore and before adopt_log()'
            USING ERRCODE = 'WB004', HINT = 'Restore the dump again, and adopt it before anything appends.';
    END IF;
    ALTER TABLE event DROP CONSTRAINT event_order, ALTER COLUMN seq DROP IDENTITY;
    UPDATE event AS e SET xid = '2', seq = l.position FROM log AS l WHERE (l.xid, l.seq) = (e.xid, e.seq);
    ALTER TABLE log DROP CONSTRAINT log_order;
    UPDATE log SET xid = '2', seq = position;
    ALTER TABLE log ADD CONSTRAINT log_order UNIQUE (xid, seq);
    ALTER TABLE event ADD CONSTRAINT event_order UNIQUE (xid, seq),
        ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (CACHE 64);
    PERFORM setval(pg_get_serial_sequence('event', 'seq'), greatest(state.position, 1));
    UPDATE sequencer SET epoch = epoch + 1, position = state.position, xid = '2', seq = state.position,
                         hash = state.hash;
    RETURN state.position;
END
$$;
