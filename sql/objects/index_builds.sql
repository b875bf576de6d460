-- about: indexes that are being built now
-- returns: IndexBuild
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS "table",
    COALESCE(i.relname, '')::pg_catalog.text AS name,
    COALESCE(p.phase, '') AS phase
FROM pg_catalog.pg_stat_progress_create_index AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS i ON i.oid = p.index_relid
WHERE p.datname = pg_catalog.current_database()
ORDER BY n.nspname, c.relname, i.relname
