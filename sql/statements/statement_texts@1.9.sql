-- about: texts of statements that were not seen before, each cut to a bound
-- returns: StatementText
-- cadence: slow
-- scope: cluster
-- needs: extension pg_stat_statements, role pg_read_all_stats
-- version-of: extension pg_stat_statements
-- timeout: 10s
SELECT DISTINCT ON (s.queryid)
    s.queryid AS query_id,
    pg_catalog.left(s.query, %(length)s) AS text
FROM {schema}.pg_stat_statements(true) AS s
WHERE s.queryid = ANY (%(ids)s::pg_catalog.int8[])
    AND s.query IS NOT NULL
ORDER BY s.queryid, s.dbid, s.userid, s.toplevel
