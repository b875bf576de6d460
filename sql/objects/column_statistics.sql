-- about: statistics of the columns of some tables, values left out
-- returns: ColumnStatistics
-- cadence: slow
-- scope: database
-- needs: SELECT on the tables
-- version-of: server
-- timeout: 5s
SELECT
    s.schemaname::pg_catalog.text AS schema,
    s.tablename::pg_catalog.text AS "table",
    s.attname::pg_catalog.text AS name,
    s.inherited AS inherited,
    s.null_frac::pg_catalog.float8 AS null_fraction,
    s.n_distinct::pg_catalog.float8 AS n_distinct,
    s.avg_width AS average_width,
    s.correlation::pg_catalog.float8 AS correlation,
    s.most_common_freqs[1]::pg_catalog.float8 AS top_frequency
FROM pg_catalog.pg_stats AS s
WHERE s.tablename = ANY (%(names)s::pg_catalog.name[])
    AND s.schemaname = ANY (%(schemas)s::pg_catalog.name[])
ORDER BY s.schemaname, s.tablename, s.attname, s.inherited
