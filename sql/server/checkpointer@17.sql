-- about: checkpoints and buffer writes
-- returns: Checkpointer
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    c.num_timed AS timed,
    c.num_requested AS requested,
    c.write_time AS write_time_ms,
    c.sync_time AS sync_time_ms,
    c.buffers_written AS buffers_written,
    b.buffers_clean AS buffers_clean,
    b.maxwritten_clean AS maxwritten_clean,
    NULL::pg_catalog.int8 AS buffers_backend,
    c.stats_reset AS stats_reset
FROM pg_catalog.pg_stat_checkpointer AS c
CROSS JOIN pg_catalog.pg_stat_bgwriter AS b
ORDER BY 1
