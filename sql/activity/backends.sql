-- about: sessions and background processes, our own left out
-- returns: Backend
-- cadence: fast
-- scope: cluster
-- needs: role pg_read_all_stats
-- version-of: server
-- timeout: 2s
WITH waiter AS MATERIALIZED (
    SELECT w.pid
    FROM pg_catalog.pg_stat_activity AS w
    WHERE w.wait_event_type = 'Lock'
    ORDER BY w.query_start, w.pid
    LIMIT 100
)
SELECT
    a.pid AS pid,
    a.datname::pg_catalog.text AS database,
    a.usename::pg_catalog.text AS "user",
    COALESCE(a.application_name, '') AS application,
    COALESCE(a.backend_type, '') AS backend_type,
    a.state AS state,
    a.wait_event_type AS wait_event_type,
    a.wait_event AS wait_event,
    a.backend_start AS started_at,
    a.xact_start AS transaction_started_at,
    a.query_start AS query_started_at,
    a.state_change AS state_changed_at,
    pg_catalog.age(a.backend_xid) AS xid_age,
    pg_catalog.age(a.backend_xmin) AS xmin_age,
    a.query_id AS query_id,
    CASE WHEN w.pid IS NOT NULL THEN pg_catalog.pg_blocking_pids(a.pid) ELSE '{}' END
        AS blocked_by,
    NULLIF(NULLIF(a.query, '<insufficient privilege>'), '') AS query
FROM pg_catalog.pg_stat_activity AS a
LEFT JOIN waiter AS w ON w.pid = a.pid
WHERE a.pid <> pg_catalog.pg_backend_pid()
    AND a.application_name IS DISTINCT FROM %(application)s
ORDER BY a.pid
