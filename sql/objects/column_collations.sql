-- about: columns with another collation than their type's default
-- returns: ColumnCollation
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS "table",
    a.attname::pg_catalog.text AS name,
    CASE WHEN ln.nspname = 'pg_catalog' THEN '' ELSE pg_catalog.quote_ident(ln.nspname) || '.' END
        || pg_catalog.quote_ident(l.collname) AS collation
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid AND t.typcollation <> a.attcollation
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
WHERE a.attnum > 0
    AND NOT a.attisdropped
    AND c.relkind IN ('r', 'p', 'm')
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, a.attname
