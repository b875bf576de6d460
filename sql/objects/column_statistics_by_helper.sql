-- about: statistics of the columns of some tables, by the helper function
-- returns: ColumnStatistics
-- cadence: slow
-- scope: database
-- needs: EXECUTE on pgtune_advisor.column_statistics(name[], name[])
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
    s.top_frequency::pg_catalog.float8 AS top_frequency
FROM pgtune_advisor.column_statistics(
    %(schemas)s::pg_catalog.name[], %(names)s::pg_catalog.name[]
) AS s
ORDER BY s.schemaname, s.tablename, s.attname, s.inherited
