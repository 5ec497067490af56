-- log_watermark: how far the log is sequenced, what waits, since when, and which transaction holds it back.
--
-- Any transaction that has written and not ended holds back the whole cluster's watermark, in whatever database it
-- runs. `held_*` name it when something waits; a prepared transaction has no pid, its gid stands in held_state.
CREATE OR REPLACE FUNCTION log_watermark() RETURNS TABLE (
    head bigint, waiting bigint, waiting_seconds double precision,
    held_pid integer, held_application text, held_database text, held_state text, held_seconds double precision
)
LANGUAGE sql STABLE
AS $$
    WITH snapshot AS (
        SELECT pg_snapshot_xmin(pg_current_snapshot())::xid AS oldest
    ), pending AS (
        SELECT s.position, count(e.seq) AS events, min(e.recorded_at) AS since
        FROM sequencer AS s LEFT JOIN event AS e ON (e.xid, e.seq) > (s.xid, s.seq)
        WHERE s.singleton  -- so that the planner knows it is one row, and looks the events up
        GROUP BY s.position
    ), holder AS (
        SELECT a.pid, a.application_name, a.datname::text AS database, a.state, a.xact_start AS since
        FROM pg_stat_activity AS a, snapshot AS s WHERE a.backend_xid = s.oldest
        UNION ALL
        SELECT NULL, NULL, p.database::text, 'prepared ' || p.gid, p.prepared
        FROM pg_prepared_xacts AS p, snapshot AS s WHERE p.transaction = s.oldest
        LIMIT 1
    )
    SELECT p.position, p.events, coalesce(extract(epoch FROM clock_timestamp() - p.since), 0),
           h.pid, h.application_name, h.database, h.state, extract(epoch FROM clock_timestamp() - h.since)
    FROM pending AS p LEFT JOIN holder AS h ON p.events > 0
$$;
