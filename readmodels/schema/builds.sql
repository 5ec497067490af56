-- Builds of projections, who feeds them, and what could not be applied. Read by readmodels/builds.py, leases.py,
-- positions.py and parking.py.
--
-- A build is one filling of a projection's tables. The live one's are in the schema `read`, which all queries name; a
-- candidate's and the previous one's have the same names and shapes in schemas beside it. A switch moves tables between
-- schemas, in one short transaction. `read_moving` is empty outside of one.
CREATE SCHEMA read_candidate;
CREATE SCHEMA read_previous;
CREATE SCHEMA read_moving;

-- `version` is the code's that fills it. `switches`: goes live by itself once it has caught up.
CREATE TABLE projection_build (
    projection   text COLLATE "C" NOT NULL,
    build        integer NOT NULL CHECK (build > 0),
    version      integer NOT NULL CHECK (version > 0),
    state        text COLLATE "C" NOT NULL CHECK (state IN ('live', 'candidate', 'previous')),
    switches     boolean NOT NULL DEFAULT false,
    begun_by     text NOT NULL,
    begun_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    caught_up_at timestamptz,
    PRIMARY KEY (projection, build),
    CONSTRAINT projection_build_state UNIQUE (projection, state) DEFERRABLE INITIALLY DEFERRED
);

-- A build's checkpoints have its number as their version. `holder` is the projector that may move a checkpoint.
ALTER TABLE checkpoint ADD COLUMN holder uuid;

-- Projector processes. One is alive while it renews `alive_until` and its session is there: a process that was killed
-- is gone at once, one that hangs after its lease.
CREATE TABLE projector (
    id            uuid PRIMARY KEY,
    feeds         text[] NOT NULL,  -- projection@version, what its code can fill
    pid           integer NOT NULL,
    session_start timestamptz NOT NULL,
    alive_until   timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE VIEW projector_alive AS
    SELECT p.id, p.feeds FROM projector AS p
    WHERE p.alive_until > clock_timestamp()
      AND EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.pid = p.pid AND a.backend_start = p.session_start);

-- A key (a stream, or what the projection partitions by) with an event that a build cannot apply. `wanted` asks its
-- holder to try again.
CREATE TABLE parked_key (
    projection text COLLATE "C" NOT NULL,
    build      integer NOT NULL,
    key        text COLLATE "C" NOT NULL,
    segment    integer NOT NULL,
    position   bigint NOT NULL,
    type       text NOT NULL,
    error      text NOT NULL,
    attempts   integer NOT NULL DEFAULT 1,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    wanted     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (projection, build, key)
);
CREATE INDEX parked_key_wanted ON parked_key (projection, build) WHERE wanted;

-- The poison and everything behind it of that key, to be applied in this order.
CREATE TABLE parked_event (
    projection text COLLATE "C" NOT NULL,
    build      integer NOT NULL,
    key        text COLLATE "C" NOT NULL,
    position   bigint NOT NULL,
    PRIMARY KEY (projection, build, key, position),
    FOREIGN KEY (projection, build, key) REFERENCES parked_key ON DELETE CASCADE
);

-- Events that an operator gave up for a projection. A later build tries them again, and passes over them if it must.
CREATE TABLE skipped_event (
    projection text COLLATE "C" NOT NULL,
    position   bigint NOT NULL,
    reason     text NOT NULL,
    PRIMARY KEY (projection, position)
);

-- Who did what to a projection, for ever.
CREATE TABLE projection_action (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor      text NOT NULL,
    projection text COLLATE "C" NOT NULL,
    build      integer,
    action     text NOT NULL,
    key        text,
    position   bigint,
    reason     text
);

-- copy_shape: an empty table of the same name, columns, constraints, indexes (by name) and storage in another schema.
CREATE FUNCTION copy_shape(table_name text, target text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    source   regclass := format('read.%I', table_name)::regclass;
    item     record;
    settings text;
BEGIN
    EXECUTE format('CREATE TABLE %I.%I (LIKE read.%I INCLUDING ALL EXCLUDING INDEXES)', target, table_name, table_name);
    FOR item IN SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
                WHERE conrelid = source AND contype IN ('p', 'u') ORDER BY conname LOOP
        EXECUTE format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', target, table_name, item.conname, item.definition);
    END LOOP;
    FOR item IN SELECT pg_get_indexdef(i.indexrelid) AS definition FROM pg_index AS i
                WHERE i.indrelid = source
                  AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid) LOOP
        EXECUTE regexp_replace(item.definition, ' ON read\.', format(' ON %I.', target));
    END LOOP;
    SELECT array_to_string(reloptions, ', ') INTO settings FROM pg_class WHERE oid = source;
    IF settings IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %I.%I SET (%s)', target, table_name, settings);
    END IF;
END
$$;

-- add_build: a build in the given state with a checkpoint per segment, all at the log's beginning. Gives its number.
CREATE FUNCTION add_build(named text, code_version integer, as_state text, auto boolean, actor text) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    number integer;
BEGIN
    SELECT coalesce(max(build), 0) + 1 INTO number FROM (
        SELECT build FROM projection_build WHERE projection = named
        UNION ALL SELECT build FROM projection_action WHERE projection = named
    ) AS known;
    INSERT INTO projection_build (projection, build, version, state, switches, begun_by)
    VALUES (named, number, code_version, as_state, auto, actor);
    DELETE FROM checkpoint WHERE projection = named AND version = number;
    INSERT INTO checkpoint (projection, version, segment) SELECT named, number, s FROM generate_series(0, 63) AS s;
    INSERT INTO projection_action (actor, projection, build, action)
    VALUES (actor, named, number, CASE as_state WHEN 'live' THEN 'created' ELSE 'rebuild' END);
    RETURN number;
END
$$;

-- begin_build: a candidate with empty tables, in the place of one that was under way. Gives its number.
CREATE FUNCTION begin_build(named text, code_version integer, tables text[], auto boolean, actor text) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    table_name text;
BEGIN
    PERFORM drop_build(named, 'candidate', tables);
    FOREACH table_name IN ARRAY tables LOOP
        PERFORM copy_shape(table_name, 'read_candidate');
    END LOOP;
    RETURN add_build(named, code_version, 'candidate', auto, actor);
END
$$;

-- drop_build: the tables, checkpoints and parked keys of a build that is not live.
CREATE FUNCTION drop_build(named text, in_state text, tables text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    number     integer;
    table_name text;
BEGIN
    DELETE FROM projection_build WHERE projection = named AND state = in_state AND state <> 'live'
    RETURNING build INTO number;
    DELETE FROM checkpoint WHERE projection = named AND version = number;
    DELETE FROM parked_key WHERE projection = named AND build = number;
    FOREACH table_name IN ARRAY tables LOOP
        EXECUTE format('DROP TABLE IF EXISTS %I.%I', 'read_' || in_state, table_name);
    END LOOP;
END
$$;

-- move_tables: tables with their indexes from one schema to another. Waits for whoever reads them.
CREATE FUNCTION move_tables(source text, target text, tables text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY tables LOOP
        EXECUTE format('ALTER TABLE %I.%I SET SCHEMA %I', source, table_name, target);
    END LOOP;
END
$$;

-- switch_build: the candidate goes live, the live build becomes the previous one (whose own predecessor is dropped).
-- roll_back_build: the live and the previous build change places. Both end every claim on the projection first: a batch
-- in hand is waited for, and no batch that was prepared for tables that moved can commit. The caller sets a lock_timeout.
CREATE FUNCTION switch_build(named text, tables text[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE checkpoint SET epoch = epoch + 1 WHERE projection = named;
    PERFORM drop_build(named, 'previous', tables);
    PERFORM move_tables('read', 'read_previous', tables);
    PERFORM move_tables('read_candidate', 'read', tables);
    UPDATE projection_build SET state = CASE state WHEN 'live' THEN 'previous' ELSE 'live' END
    WHERE projection = named;
END
$$;

CREATE FUNCTION roll_back_build(named text, tables text[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE checkpoint SET epoch = epoch + 1 WHERE projection = named;
    PERFORM move_tables('read', 'read_moving', tables);
    PERFORM move_tables('read_previous', 'read', tables);
    PERFORM move_tables('read_moving', 'read_previous', tables);
    UPDATE projection_build SET state = CASE state WHEN 'live' THEN 'previous' ELSE 'live' END
    WHERE projection = named AND state IN ('live', 'previous');
END
$$;

-- What one reader of whole projections had done: its one checkpoint each becomes those of all segments.
INSERT INTO projection_build (projection, build, version, state, begun_by)
SELECT projection, version, version, 'live', 'migration' FROM checkpoint
WHERE segment = 0 AND projection IN ('orders', 'timeline', 'saga_steps', 'stock', 'products', 'ledger', 'cases');
INSERT INTO checkpoint (projection, version, segment, position, epoch)
SELECT c.projection, c.version, s, c.position, c.epoch FROM checkpoint AS c, generate_series(1, 63) AS s
WHERE c.segment = 0 AND c.projection IN ('orders', 'timeline', 'saga_steps', 'stock', 'products', 'ledger', 'cases');
