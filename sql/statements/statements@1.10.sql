-- about: counters of statements, without their texts
-- returns: Statement
-- cadence: fast
-- scope: cluster
-- needs: extension pg_stat_statements, role pg_read_all_stats
-- version-of: extension pg_stat_statements
-- timeout: 5s
SELECT
    d.datname::pg_catalog.text AS database,
    u.rolname::pg_catalog.text AS "user",
    s.queryid AS query_id,
    s.toplevel AS toplevel,
    s.calls AS calls,
    s.total_exec_time AS exec_time_ms,
    s.plans AS plans,
    s.total_plan_time AS plan_time_ms,
    s.min_exec_time AS min_time_ms,
    s.max_exec_time AS max_time_ms,
    s.stddev_exec_time AS stddev_time_ms,
    s.rows AS rows,
    s.shared_blks_hit AS shared_blocks_hit,
    s.shared_blks_read AS shared_blocks_read,
    s.shared_blks_dirtied AS shared_blocks_dirtied,
    s.shared_blks_written AS shared_blocks_written,
    s.temp_blks_read AS temp_blocks_read,
    s.temp_blks_written AS temp_blocks_written,
    s.blk_read_time AS read_time_ms,
    s.blk_write_time AS write_time_ms,
    s.wal_bytes::pg_catalog.int8 AS wal_bytes,
    s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time
        + s.jit_emission_time AS jit_time_ms,
    NULL::pg_catalog.timestamptz AS since
FROM {schema}.pg_stat_statements(false) AS s
JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
JOIN pg_catalog.pg_roles AS u ON u.oid = s.userid
WHERE s.queryid IS NOT NULL
ORDER BY d.datname, u.rolname, s.queryid, s.toplevel
