-- about: checkpoints and buffer writes
-- returns: Checkpointer
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    b.checkpoints_timed AS timed,
    b.checkpoints_req AS requested,
    b.checkpoint_write_time AS write_time_ms,
    b.checkpoint_sync_time AS sync_time_ms,
    b.buffers_checkpoint AS buffers_written,
    b.buffers_clean AS buffers_clean,
    b.maxwritten_clean AS maxwritten_clean,
    b.buffers_backend AS buffers_backend,
    b.stats_reset AS stats_reset
FROM pg_catalog.pg_stat_bgwriter AS b
ORDER BY 1
