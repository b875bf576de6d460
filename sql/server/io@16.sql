-- about: reads and writes by kind of process, object and context
-- returns: IoCounters
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    i.backend_type AS backend_type,
    i.object AS object,
    i.context AS context,
    i.reads AS reads,
    i.read_time AS read_time_ms,
    i.writes AS writes,
    i.write_time AS write_time_ms,
    i.hits AS hits,
    i.evictions AS evictions,
    i.stats_reset AS stats_reset
FROM pg_catalog.pg_stat_io AS i
ORDER BY i.backend_type, i.object, i.context
