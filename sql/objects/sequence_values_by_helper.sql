-- about: the last values of some sequences, by the helper function; locked ones are left out
-- returns: SequenceValue
-- cadence: slow
-- scope: database
-- needs: EXECUTE on pgtune_advisor.sequence_value(oid)
-- version-of: server
-- timeout: 5s
WITH locked AS MATERIALIZED (
    SELECT l.relation
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation'
        AND l.mode IN (
            'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'
        )
        AND l.database = (
            SELECT d.oid FROM pg_catalog.pg_database AS d
            WHERE d.datname = pg_catalog.current_database()
        )
)
SELECT
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    (l.relation IS NOT NULL) AS is_locked,
    true AS may_read,
    CASE
        WHEN l.relation IS NULL
            AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
        THEN pgtune_advisor.sequence_value(c.oid)
    END AS last_value
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.text[]),
    pg_catalog.unnest(%(names)s::pg_catalog.text[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = 'S'
LEFT JOIN (SELECT DISTINCT relation FROM locked) AS l ON l.relation = c.oid
ORDER BY n.nspname, c.relname
