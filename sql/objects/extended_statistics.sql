-- about: statistics objects over several columns; their expressions are read apart
-- returns: ExtendedStatistics
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    s.stxname::pg_catalog.text AS name,
    tn.nspname::pg_catalog.text AS table_schema,
    t.relname::pg_catalog.text AS "table",
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(s.stxkeys::pg_catalog.int2[]) WITH ORDINALITY
            AS u (number, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = s.stxrelid AND a.attnum = u.number
        ORDER BY u.position
    ) AS columns,
    s.stxexprs IS NOT NULL AS has_expressions,
    CASE WHEN s.stxexprs IS NULL THEN ARRAY[]::pg_catalog.text[] END AS expressions,
    ARRAY(
        SELECT k.kind::pg_catalog.text FROM pg_catalog.unnest(s.stxkind) AS k (kind)
        WHERE k.kind <> 'e'
        ORDER BY 1
    ) AS kinds
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
JOIN pg_catalog.pg_class AS t ON t.oid = s.stxrelid
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
WHERE n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, s.stxname
