-- about: views; their queries are read apart
-- returns: View
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    e.extname::pg_catalog.text AS extension,
    NULL::pg_catalog.text AS definition
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE c.relkind = 'v'
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
