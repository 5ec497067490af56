-- event_digest: what one event contributes to the hash chain: sha256 over its position and its stored bytes.
-- Fields of variable length carry their length, so that no two events have the same bytes. eventstore/verify.py
-- computes the same independently.
CREATE OR REPLACE FUNCTION event_digest(at_position bigint, e event) RETURNS bytea
LANGUAGE sql IMMUTABLE
RETURN sha256(
    int8send(at_position) || uuid_send(e.event_id) || int8send(e.version) || int4send(e.schema_version)
    || timestamptz_send(e.recorded_at)
    || int4send(octet_length(e.stream_id)) || convert_to(e.stream_id, 'UTF8')
    || int4send(octet_length(e.type)) || convert_to(e.type, 'UTF8')
    || int4send(octet_length(e.metadata)) || convert_to(e.metadata, 'UTF8')
    || convert_to(e.data, 'UTF8')
);

-- lead_sequencer: makes the caller the leader and gives its epoch. Whoever led before is fenced from here on; this
-- waits for a batch the old leader has in hand. Raises WB003 where the log was written by another cluster (a dump
-- restored): its transaction ids mean nothing here, see adopt_log().
CREATE OR REPLACE FUNCTION lead_sequencer() RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    state sequencer;
BEGIN
    UPDATE sequencer SET epoch = epoch + 1 RETURNING * INTO STRICT state;
    IF greatest(state.xid, (SELECT max(e.xid) FROM event AS e)) >= pg_snapshot_xmax(pg_current_snapshot()) THEN
        RAISE EXCEPTION 'the log was written by another database cluster (its transactions are unknown here)'
            USING ERRCODE = 'WB003', HINT = 'After restoring a dump, run `waybill adopt` before anything appends.';
    END IF;
    RETURN state.epoch;
END
$$;

-- sequence_events: gives the next events their positions, at most `batch`, and returns how many.
--
-- An event is ripe when its transaction is older than every transaction still running (the xmin of the snapshot that
-- also selects the events): nothing can then appear before it any more. Raises WB002 when `leader_epoch` is over.
CREATE OR REPLACE FUNCTION sequence_events(leader_epoch bigint, batch integer) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
    state   sequencer;
    xids    xid8[];
    seqs    bigint[];
    digests bytea[];
    digest  bytea;
    links   bytea[] := '{}';
BEGIN
    SELECT * INTO STRICT state FROM sequencer;
    IF state.epoch = leader_epoch AND NOT EXISTS (
        SELECT FROM event AS e
        WHERE (e.xid, e.seq) > (state.xid, state.seq) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
    ) THEN
        RETURN 0;  -- an idle look takes no lock and no transaction id
    END IF;

    SELECT * INTO state FROM sequencer WHERE epoch = leader_epoch FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'epoch % of the sequencer is over', leader_epoch USING ERRCODE = 'WB002';
    END IF;

    SELECT array_agg(r.xid ORDER BY r.nr), array_agg(r.seq ORDER BY r.nr),
           array_agg(event_digest(state.position + r.nr, r.e) ORDER BY r.nr)
    INTO xids, seqs, digests
    FROM (
        SELECT e, e.xid, e.seq, row_number() OVER (ORDER BY e.xid, e.seq) AS nr
        FROM event AS e
        WHERE (e.xid, e.seq) > (state.xid, state.seq) AND e.xid < pg_snapshot_xmin(pg_current_snapshot())
        ORDER BY e.xid, e.seq LIMIT batch
    ) AS r;

    FOREACH digest IN ARRAY digests LOOP
        state.hash := sha256(state.hash || digest);
        links := links || state.hash;
    END LOOP;
    INSERT INTO log (position, xid, seq, hash)
    SELECT state.position + l.nr, l.xid, l.seq, l.hash
    FROM unnest(xids, seqs, links) WITH ORDINALITY AS l (xid, seq, hash, nr);
    UPDATE sequencer SET position = state.position + cardinality(xids), xid = xids[cardinality(xids)],
                         seq = seqs[cardinality(seqs)], hash = state.hash;
    PERFORM pg_notify('waybill_log', '');  -- only sequencers commit with a notification here, one at a time
    RETURN cardinality(xids);
END
$$;
