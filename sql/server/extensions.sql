-- about: installed extensions, and those that could be created
-- returns: Extension
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    COALESCE(e.extname, a.name)::pg_catalog.text AS name,
    e.extversion AS installed_version,
    a.default_version AS default_version,
    n.nspname::pg_catalog.text AS schema
FROM pg_catalog.pg_extension AS e
JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
FULL JOIN pg_catalog.pg_available_extensions() AS a ON a.name = e.extname
ORDER BY 2
