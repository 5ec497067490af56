-- append_events: appends a batch of independent requests, each atomic over its streams, each with its own result.
--
-- Arrays of one entry per stream write: the request's number, the stream, the version it must have (n >= 0 exactly,
-- -1 any, -2 exists), how many events it has and how many stand before them. A stream stands once in a batch. Arrays
-- of one entry per kind, which is what many events of a batch have alike: type, schema version, metadata. Of the
-- events, in the order of their writes: an array of ids, one of the numbers of their kinds (from 1), and one text of
-- their data, a line each (JSON on one line holds no newline). Few and plain arrays, because an entry costs the
-- caller, the way and this function about as much as the rest of an event.
--
-- No news is good news: a request without a row went through, and each of its streams is now at the exact version
-- it expected plus its events. Otherwise there is a row per stream written ('appended' with its new version, where
-- that was not to be foreseen; 'repeated' with the version the first append gave it), or a row per stream at fault
-- ('conflict' and 'closed' with its version, 'partial'). A stream is closed when its last event's metadata says so
-- under "$closes"; a quote inside a value is escaped, so that no value can look like the key. A refused request leaves its neighbours alone.
--
-- The common batch, in which every exact expectation holds, takes a short cut: event ids are not looked up, because
-- the unique index refuses known ones. It then raises unique_violation, and the same batch must be sent again with
-- `careful`, which looks them up first.
--
-- Raises WB001 unless it can hold its promises: read committed (each statement below sees what was committed before
-- it), and no transaction id yet. An id taken before the locks would let a stream's later version sort before an
-- earlier one in the log, because the log is ordered by transaction id.
CREATE OR REPLACE FUNCTION append_events(
    write_request integer[], write_stream text[], write_expected bigint[], write_events integer[],
    write_offset integer[], kind_types text[], kind_schemas integer[], kind_metadata text[],
    event_ids uuid[], event_kinds integer[], event_data text, careful boolean DEFAULT false
) RETURNS TABLE (request integer, outcome text, stream_id text, version bigint)
LANGUAGE plpgsql VOLATILE
-- Plans are kept, and made when tables are young and arrays believed short: look tables up by index (the lateral join
-- and the subselect), join the batch's own rows by hash, whatever the planner believes.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
    appended_at timestamptz;
    as_expected boolean;
    -- plpgsql keeps arrays taken apart: an element is found at once, wherever it stands
    lines       text[] := string_to_array(event_data, E'\n');
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append_events needs read committed isolation' USING ERRCODE = 'WB001';
    END IF;
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION 'append_events must come before anything that writes in its transaction'
            USING ERRCODE = 'WB001';
    END IF;

    IF cardinality(lines) <> cardinality(event_ids) OR cardinality(event_kinds) <> cardinality(event_ids) THEN
        RAISE EXCEPTION 'append_events was given % ids, % kinds and % lines of data',
            cardinality(event_ids), cardinality(event_kinds), cardinality(lines) USING ERRCODE = 'WB001';
    END IF;

    -- Sorted by key, so that no two batches wait for each other. Two streams with one key share a lock: harmless.
    PERFORM pg_advisory_xact_lock(k.key)
    FROM (SELECT hashtextextended(s, 0) AS key FROM unnest(write_stream) AS s ORDER BY key) AS k;
    appended_at := clock_timestamp();  -- behind the locks: within a stream, time follows version

    IF NOT careful THEN
        SELECT bool_and(w.expected = coalesce(h.version, 0) AND strpos(coalesce(h.metadata, ''), '"$closes":"') = 0)
        INTO as_expected
        FROM unnest(write_stream, write_expected) AS w (id, expected) LEFT JOIN LATERAL (
            SELECT e.version, e.metadata FROM event AS e WHERE e.stream_id = w.id ORDER BY e.version DESC LIMIT 1
        ) AS h ON true;
        IF as_expected THEN
            INSERT INTO event (stream_id, version, event_id, type, schema_version, recorded_at, metadata, data)
            SELECT o.stream, o.expected + o.place, event_ids[o.before + o.place],
                   kind_types[event_kinds[o.before + o.place]], kind_schemas[event_kinds[o.before + o.place]],
                   appended_at, kind_metadata[event_kinds[o.before + o.place]], lines[o.before + o.place]
            FROM (
                SELECT w.stream, w.expected, w.before, generate_series(1, w.events) AS place
                FROM unnest(write_stream, write_expected, write_offset, write_events)
                     AS w (stream, expected, before, events)
            ) AS o;  -- neither joined nor sorted: in the order of the arrays
            RETURN;
        END IF;
    END IF;

    IF (SELECT count(*) <> count(DISTINCT s) FROM unnest(write_stream) AS s) THEN
        RAISE EXCEPTION 'a stream stands twice in one batch' USING ERRCODE = 'WB001';
    END IF;

    RETURN QUERY
    WITH write AS MATERIALIZED (
        SELECT w.nr, w.request, w.id, w.expected, coalesce(h.version, 0) AS head,
               strpos(coalesce(h.metadata, ''), '"$closes":"') > 0 AS closed
        FROM unnest(write_request, write_stream, write_expected) WITH ORDINALITY AS w (request, id, expected, nr)
        LEFT JOIN LATERAL (
            SELECT e.version, e.metadata FROM event AS e WHERE e.stream_id = w.id ORDER BY e.version DESC LIMIT 1
        ) AS h ON true
    ), offered AS MATERIALIZED (
        SELECT o.write, o.place, o.nr, event_ids[o.nr] AS id, kind_types[event_kinds[o.nr]] AS type,
               kind_schemas[event_kinds[o.nr]] AS schema, kind_metadata[event_kinds[o.nr]] AS metadata,
               lines[o.nr] AS data, seen.stream_id AS seen_in, seen.version AS seen_as
        FROM (
            SELECT w.write, p.place, w.before + p.place AS nr
            FROM unnest(write_offset, write_events) WITH ORDINALITY AS w (before, events, write),
                 LATERAL generate_series(1, w.events) AS p (place)
        ) AS o
        LEFT JOIN LATERAL (
            SELECT e.stream_id, e.version FROM event AS e WHERE e.event_id = event_ids[o.nr] OFFSET 0
        ) AS seen ON true
    ), counted AS MATERIALIZED (
        SELECT w.nr, w.request, w.id, w.head, w.closed, count(o.id) AS events, count(o.seen_as) AS seen,
               count(*) FILTER (WHERE o.seen_in = w.id) AS seen_here, max(o.seen_as) AS seen_last,
               CASE w.expected WHEN -1 THEN true WHEN -2 THEN w.head > 0 ELSE w.expected = w.head END AS holds
        FROM write AS w LEFT JOIN offered AS o ON o.write = w.nr
        GROUP BY w.nr, w.request, w.id, w.head, w.closed, w.expected
    ), verdict AS MATERIALIZED (
        SELECT c.request, CASE WHEN sum(c.events) > 0 AND sum(c.seen_here) = sum(c.events) THEN 'repeated'
                               WHEN sum(c.seen) > 0 THEN 'partial'
                               WHEN bool_or(c.closed AND c.events > 0) THEN 'closed'
                               WHEN NOT bool_and(c.holds) THEN 'conflict'
                               ELSE 'appended' END AS outcome
        FROM counted AS c GROUP BY c.request
    ), accepted AS MATERIALIZED (
        SELECT c.nr, c.id, c.head, c.events FROM counted AS c JOIN verdict AS v USING (request)
        WHERE v.outcome = 'appended' AND c.events > 0
    ), added AS (
        INSERT INTO event (stream_id, version, event_id, type, schema_version, recorded_at, metadata, data)
        SELECT a.id, a.head + o.place, o.id, o.type, o.schema, appended_at, o.metadata, o.data
        FROM offered AS o JOIN accepted AS a ON a.nr = o.write
        ORDER BY o.nr
    )
    SELECT c.request, v.outcome, c.id,
           CASE v.outcome WHEN 'appended' THEN c.head + c.events WHEN 'repeated' THEN c.seen_last ELSE c.head END
    FROM counted AS c JOIN verdict AS v USING (request)
    WHERE CASE v.outcome WHEN 'closed' THEN c.closed AND c.events > 0
                         WHEN 'conflict' THEN NOT c.holds
                         WHEN 'partial' THEN c.seen_here < c.events
                         ELSE c.events > 0 END;
END
$$;
