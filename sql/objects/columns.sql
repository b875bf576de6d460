-- about: columns with their statistics, values left out
-- returns: Column
-- cadence: slow
-- scope: database
-- needs: SELECT on the tables, for the statistics
-- version-of: server
-- timeout: 30s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS "table",
    a.attname::pg_catalog.text AS name,
    a.attnum::pg_catalog.int4 AS position,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS not_null,
    a.atthasdef AS has_default,
    a.attidentity::pg_catalog.text AS identity,
    a.attgenerated::pg_catalog.text AS generated,
    CASE
        WHEN s.attname IS NOT NULL THEN true
        WHEN pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
            AND NOT (c.relrowsecurity AND pg_catalog.row_security_active(c.oid)) THEN false
    END AS has_statistics,
    s.null_frac::pg_catalog.float8 AS null_fraction,
    s.n_distinct::pg_catalog.float8 AS n_distinct,
    s.avg_width AS average_width,
    s.correlation::pg_catalog.float8 AS correlation,
    s.most_common_freqs[1]::pg_catalog.float8 AS top_frequency
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_stats AS s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
    AND s.inherited = (c.relkind = 'p')
WHERE c.relkind IN ('r', 'p', 'm')
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attnum
