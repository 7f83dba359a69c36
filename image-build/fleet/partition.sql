-- Results and telemetry in a table a month. Run it once, after the first start of an ingest worker and before the first box:
--     psql -h database -U fleet -f partition.sql fleet
-- It refuses tables that hold something. Run it again any time to make the months of the next two years.
-- Times are text of one width in UTC, so months are ranges of text; the key of `results` takes the exam's end in, which is the same
-- however often a message comes.
BEGIN;

CREATE OR REPLACE FUNCTION partition_fleet_table(whole text, at text, keys text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    index_line text;
    indexes text[];
    held bigint;
BEGIN
    IF (SELECT relkind FROM pg_class WHERE oid = whole::regclass) = 'p' THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', whole) INTO held;
    IF held > 0 THEN
        RAISE EXCEPTION '% holds % rows: it can be partitioned only while it is empty', whole, held;
    END IF;
    SELECT array_agg(indexdef) INTO indexes FROM pg_indexes WHERE tablename = whole AND indexname NOT LIKE '%_pkey';
    EXECUTE format('ALTER TABLE %I RENAME TO %I', whole, whole || '_before');
    EXECUTE format('CREATE TABLE %I (LIKE %I, PRIMARY KEY (%s)) PARTITION BY RANGE (%I)', whole, whole || '_before', keys, at);
    EXECUTE format('DROP TABLE %I', whole || '_before');
    FOREACH index_line IN ARRAY coalesce(indexes, '{}') LOOP
        EXECUTE index_line;
    END LOOP;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', whole || '_other', whole);
END $$;

SELECT partition_fleet_table('results', 'finished_at', 'msg_id, finished_at');
SELECT partition_fleet_table('telemetry', 'ts', 'site, box, ts');

DO $$
DECLARE
    whole text;
    at text;
    month date;
    part text;
    first text;
    after text;
BEGIN
    FOR whole, at IN VALUES ('results', 'finished_at'), ('telemetry', 'ts') LOOP
        FOR month IN SELECT generate_series(date_trunc('month', now()), now() + interval '2 years', interval '1 month') LOOP
            part := whole || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            first := to_char(month, 'YYYY-MM');
            after := to_char(month + interval '1 month', 'YYYY-MM');
            -- A box whose clock was ahead has rows of that month already, among the others.
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, whole);
            EXECUTE format(
                'WITH early AS (DELETE FROM %I WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I SELECT * FROM early',
                whole || '_other', at, first, at, after, part
            );
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', whole, part, first, after);
        END LOOP;
    END LOOP;
END $$;

COMMIT;
