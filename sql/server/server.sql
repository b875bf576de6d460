-- about: who answers: version, start, role, position in the WAL
-- returns: Server
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version_num,
    pg_catalog.current_setting('server_version') AS version,
    NULL::pg_catalog.text AS system_identifier,
    pg_catalog.pg_postmaster_start_time() AS started_at,
    pg_catalog.clock_timestamp() AS clock,
    r.standby AS in_recovery,
    current_user::pg_catalog.text AS role,
    pg_catalog.current_database()::pg_catalog.text AS database,
    pg_catalog.pg_wal_lsn_diff(
        CASE WHEN r.standby THEN pg_catalog.pg_last_wal_replay_lsn()
             ELSE pg_catalog.pg_current_wal_lsn() END,
        '0/0'
    )::pg_catalog.int8 AS wal_position_bytes,
    CASE
        WHEN NOT r.standby THEN NULL
        WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() THEN 0
        ELSE EXTRACT(epoch FROM
            pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) * 1000
    END::pg_catalog.float8 AS replay_lag_ms,
    pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS max_connections,
    pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
        + COALESCE(
            NULLIF(pg_catalog.current_setting('reserved_connections', true), '')::pg_catalog.int4,
            0
        ) AS reserved_connections
FROM (SELECT pg_catalog.pg_is_in_recovery() AS standby) AS r
ORDER BY 1
