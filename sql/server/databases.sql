-- about: databases with their activity counters and transaction ages
-- returns: Database
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    d.datname::pg_catalog.text AS name,
    d.datistemplate AS is_template,
    d.datallowconn AS allows_connections,
    d.datconnlimit AS connection_limit,
    pg_catalog.age(d.datfrozenxid) AS xid_age,
    pg_catalog.mxid_age(d.datminmxid) AS mxid_age,
    s.numbackends AS backends,
    s.xact_commit AS commits,
    s.xact_rollback AS rollbacks,
    s.blks_read AS blocks_read,
    s.blks_hit AS blocks_hit,
    s.tup_returned AS rows_returned,
    s.tup_fetched AS rows_fetched,
    s.tup_inserted AS rows_inserted,
    s.tup_updated AS rows_updated,
    s.tup_deleted AS rows_deleted,
    s.conflicts AS conflicts,
    s.temp_files AS temp_files,
    s.temp_bytes AS temp_bytes,
    s.deadlocks AS deadlocks,
    s.blk_read_time AS read_time_ms,
    s.blk_write_time AS write_time_ms,
    s.session_time AS session_time_ms,
    s.active_time AS active_time_ms,
    s.idle_in_transaction_time AS idle_in_transaction_time_ms,
    s.sessions AS sessions,
    s.sessions_abandoned AS sessions_abandoned,
    s.sessions_fatal AS sessions_fatal,
    s.sessions_killed AS sessions_killed,
    s.stats_reset AS stats_reset
FROM pg_catalog.pg_database AS d
LEFT JOIN pg_catalog.pg_stat_database AS s ON s.datid = d.oid
ORDER BY d.datname
