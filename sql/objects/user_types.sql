-- about: enums, domains, composite and range types that belong to no extension and no table
-- returns: UserType
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    t.typname::pg_catalog.text AS name,
    t.typtype::pg_catalog.text AS kind,
    pg_catalog.row_number() OVER (ORDER BY t.oid)::pg_catalog.int4 AS "order",
    ARRAY(
        SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum AS e
        WHERE e.enumtypid = t.oid
        ORDER BY e.enumsortorder
    ) AS labels,
    ARRAY(
        SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    ) AS attributes,
    ARRAY(
        SELECT pg_catalog.format_type(a.atttypid, a.atttypmod) FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY a.attnum
    ) AS attribute_types,
    CASE
        WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
        ELSE pg_catalog.format_type(r.rngsubtype, NULL)
    END AS base,
    t.typnotnull AS not_null
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
LEFT JOIN pg_catalog.pg_range AS r ON r.rngtypid = t.oid
WHERE t.typtype IN ('e', 'd', 'c', 'r')
    AND (c.oid IS NULL OR c.relkind = 'c')
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
            AND d.objid = t.oid AND d.deptype = 'e'
    )
ORDER BY n.nspname, t.typname
