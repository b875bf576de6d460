-- about: expressions of some statistics objects; those of locked tables are left out
-- returns: Definition
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
WITH locked AS MATERIALIZED (
    SELECT DISTINCT l.relation
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation'
        AND l.mode = 'AccessExclusiveLock'
        AND l.database = (
            SELECT d.oid FROM pg_catalog.pg_database AS d
            WHERE d.datname = pg_catalog.current_database()
        )
)
SELECT
    n.nspname::pg_catalog.text AS schema,
    s.stxname::pg_catalog.text AS name,
    (l.relation IS NOT NULL) AS is_locked,
    CASE WHEN l.relation IS NULL
        THEN COALESCE(pg_catalog.pg_get_statisticsobjdef_expressions(s.oid), '{}')
        ELSE '{}' END AS texts
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.name[]),
    pg_catalog.unnest(%(names)s::pg_catalog.name[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_statistic_ext AS s ON s.stxnamespace = n.oid AND s.stxname = w.name
LEFT JOIN locked AS l ON l.relation = s.stxrelid
ORDER BY n.nspname, s.stxname
