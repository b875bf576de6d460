-- about: the process that serves this session, and when it began
-- returns: OwnProcess
-- cadence: slow
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    a.pid AS pid,
    a.backend_start AS began_at
FROM pg_catalog.pg_stat_activity AS a
WHERE a.pid = pg_catalog.pg_backend_pid()
ORDER BY a.pid
