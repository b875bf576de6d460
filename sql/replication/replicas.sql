-- about: standbys and other receivers of WAL that are connected
-- returns: Replica
-- cadence: fast
-- scope: cluster
-- needs: role pg_read_all_stats
-- version-of: server
-- timeout: 2s
SELECT
    s.pid AS pid,
    COALESCE(s.application_name, '') AS application,
    s.state AS state,
    s.sync_state AS sync_state,
    pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
             ELSE pg_catalog.pg_current_wal_lsn() END,
        s.replay_lsn
    )::pg_catalog.int8 AS replay_lag_bytes,
    (EXTRACT(epoch FROM s.replay_lag) * 1000)::pg_catalog.float8 AS replay_lag_ms,
    pg_catalog.age(s.backend_xmin) AS xmin_age
FROM pg_catalog.pg_stat_replication AS s
ORDER BY s.pid
