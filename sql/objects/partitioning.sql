-- about: partitioned tables and partitions; keys and bounds are read apart
-- returns: Partitioning
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    false AS is_locked,
    NULL::pg_catalog.text AS "key",
    NULL::pg_catalog.text AS bound
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE (c.relkind = 'p' OR (c.relkind = 'r' AND c.relispartition))
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
