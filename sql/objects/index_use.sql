-- about: how often this server, a standby, scanned each index
-- returns: IndexUse
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 10s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    pg_catalog.pg_stat_get_numscans(c.oid) AS scans,
    d.stats_reset AS stats_reset
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_database AS d ON d.datname = pg_catalog.current_database()
WHERE c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
