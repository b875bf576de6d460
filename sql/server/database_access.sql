-- about: pg_stat_statements and the helper functions of one database
-- returns: DatabaseAccess
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    e.extversion AS statements_version,
    n.nspname::pg_catalog.text AS statements_schema,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS statements_usable,
    ARRAY(
        SELECT p.proname::pg_catalog.text
        FROM pg_catalog.unnest(%(helpers)s::pg_catalog.text[]) AS w (signature)
        JOIN pg_catalog.pg_proc AS p ON p.oid = pg_catalog.to_regprocedure(w.signature)
        WHERE p.prosecdef
            AND pg_catalog.has_schema_privilege(p.pronamespace, 'USAGE')
            AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY 1
    ) AS helpers
FROM (SELECT) AS one
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
ORDER BY 1
