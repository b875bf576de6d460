-- about: databases that accept connections, and whether the role may enter them
-- returns: DatabaseName
-- cadence: slow
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    d.datname::pg_catalog.text AS name,
    pg_catalog.has_database_privilege(d.oid, 'CONNECT') AS may_connect
FROM pg_catalog.pg_database AS d
WHERE d.datallowconn AND NOT d.datistemplate AND d.datconnlimit <> -2
ORDER BY d.datname
