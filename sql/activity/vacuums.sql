-- about: vacuums that run now; tables are named where they lie in this database
-- returns: VacuumProgress
-- cadence: fast
-- scope: cluster
-- needs: role pg_read_all_stats
-- version-of: server
-- timeout: 2s
SELECT
    v.pid AS pid,
    v.datname::pg_catalog.text AS database,
    CASE WHEN c.oid IS NOT NULL
        THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) END
        AS "table",
    COALESCE(a.backend_type = 'autovacuum worker', false) AS is_autovacuum,
    COALESCE(v.phase, '') AS phase,
    COALESCE(v.heap_blks_total, 0) AS heap_blocks,
    COALESCE(v.heap_blks_scanned, 0) AS heap_blocks_scanned,
    v.index_vacuum_count AS index_passes
FROM pg_catalog.pg_stat_progress_vacuum AS v
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = v.pid
LEFT JOIN pg_catalog.pg_class AS c
    ON c.oid = v.relid AND v.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
ORDER BY v.pid
