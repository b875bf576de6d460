-- about: WAL that was written
-- returns: Wal
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    w.wal_records AS records,
    w.wal_fpi AS full_page_images,
    w.wal_bytes::pg_catalog.int8 AS bytes,
    w.wal_buffers_full AS buffers_full,
    w.stats_reset AS stats_reset
FROM pg_catalog.pg_stat_wal AS w
ORDER BY 1
