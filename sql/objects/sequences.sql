-- about: sequences and the columns that they feed, by ownership or by default
-- returns: Sequence
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 10s
WITH fed AS (
    SELECT d.objid AS sequence, d.refobjid AS relation, d.refobjsubid AS number
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    UNION
    SELECT d.refobjid, b.adrelid, b.adnum
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attrdef AS b ON b.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjsubid = 0
)
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    tn.nspname::pg_catalog.text AS table_schema,
    t.relname::pg_catalog.text AS "table",
    a.attname::pg_catalog.text AS "column",
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS column_type,
    pg_catalog.format_type(s.seqtypid, NULL) AS data_type,
    s.seqincrement AS increment,
    s.seqmin AS min_value,
    s.seqmax AS max_value,
    s.seqcycle AS cycles,
    NULL::pg_catalog.int8 AS last_value
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN fed AS f ON f.sequence = c.oid
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = f.relation
LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.relation AND a.attnum = f.number
WHERE c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname, tn.nspname, t.relname, a.attname
