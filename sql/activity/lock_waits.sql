-- about: locks that are waited for; relations are named where they lie in this database
-- returns: LockWait
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    l.pid AS pid,
    COALESCE(d.datname, a.datname)::pg_catalog.text AS database,
    l.locktype AS lock_type,
    l.mode AS mode,
    CASE WHEN c.oid IS NOT NULL
        THEN pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) END
        AS relation,
    l.waitstart AS waiting_since
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
LEFT JOIN pg_catalog.pg_database AS d ON d.oid = l.database
LEFT JOIN pg_catalog.pg_class AS c
    ON c.oid = l.relation AND d.datname = pg_catalog.current_database()
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT l.granted
    AND a.application_name IS DISTINCT FROM %(application)s
ORDER BY l.pid, l.locktype, l.mode, l.relation
