-- about: bytes on disk of each database that the role may enter
-- returns: DatabaseSize
-- cadence: slow
-- scope: cluster
-- needs: role pg_read_all_stats
-- version-of: server
-- timeout: 10s
SELECT
    d.datname::pg_catalog.text AS name,
    pg_catalog.pg_database_size(d.oid) AS size_bytes
FROM pg_catalog.pg_database AS d
WHERE d.datconnlimit <> -2
    AND (
        pg_catalog.has_database_privilege(d.oid, 'CONNECT')
        OR pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
    )
ORDER BY d.datname
