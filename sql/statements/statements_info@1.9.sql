-- about: how often entries were evicted, and since when pg_stat_statements counts
-- returns: StatementsInfo
-- cadence: fast
-- scope: cluster
-- needs: extension pg_stat_statements
-- version-of: extension pg_stat_statements
-- timeout: 2s
SELECT
    i.dealloc AS evictions,
    i.stats_reset AS stats_reset
FROM {schema}.pg_stat_statements_info AS i
ORDER BY 1
