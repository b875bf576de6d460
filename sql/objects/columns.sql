-- about: columns of some tables; their statistics are read apart
-- returns: Column
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
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
        WHEN pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
            AND NOT (c.relrowsecurity AND pg_catalog.row_security_active(c.oid)) THEN false
    END AS has_statistics,
    NULL::pg_catalog.float8 AS null_fraction,
    NULL::pg_catalog.float8 AS n_distinct,
    NULL::pg_catalog.int4 AS average_width,
    NULL::pg_catalog.float8 AS correlation,
    NULL::pg_catalog.float8 AS top_frequency
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.name[]),
    pg_catalog.unnest(%(names)s::pg_catalog.name[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY n.nspname, c.relname, a.attnum
