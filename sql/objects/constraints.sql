-- about: check, foreign key, primary key, unique and exclusion constraints
-- returns: Constraint
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS "table",
    k.conname::pg_catalog.text AS name,
    k.contype::pg_catalog.text AS type,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (number, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.number
        ORDER BY u.position
    ) AS columns,
    fn.nspname::pg_catalog.text AS foreign_schema,
    f.relname::pg_catalog.text AS foreign_table,
    ARRAY(
        SELECT a.attname::pg_catalog.text
        FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (number, position)
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.number
        ORDER BY u.position
    ) AS foreign_columns,
    CASE WHEN k.contype = 'f' THEN k.confupdtype::pg_catalog.text END AS on_update,
    CASE WHEN k.contype = 'f' THEN k.confdeltype::pg_catalog.text END AS on_delete,
    k.convalidated AS is_validated,
    (k.conparentid <> '0' OR k.coninhcount > 0) AS is_inherited,
    CASE WHEN k.contype <> 'f' THEN i.relname::pg_catalog.text END AS index_name
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS f ON f.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
LEFT JOIN pg_catalog.pg_class AS i ON i.oid = k.conindid
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')
    AND c.relkind IN ('r', 'p')
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, k.conname
