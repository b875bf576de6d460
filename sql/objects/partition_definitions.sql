-- about: partition keys and bounds of some tables; those of locked tables are left out
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
    c.relname::pg_catalog.text AS name,
    (l.relation IS NOT NULL) AS is_locked,
    CASE WHEN l.relation IS NULL THEN ARRAY[
        CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
        pg_catalog.pg_get_expr(c.relpartbound, c.oid)
    ] ELSE ARRAY[NULL, NULL]::pg_catalog.text[] END AS texts
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.name[]),
    pg_catalog.unnest(%(names)s::pg_catalog.name[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
LEFT JOIN locked AS l ON l.relation = c.oid
ORDER BY n.nspname, c.relname
