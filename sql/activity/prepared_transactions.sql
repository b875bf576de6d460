-- about: transactions that were prepared and neither committed nor rolled back
-- returns: PreparedTransaction
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    p.gid AS gid,
    p.owner::pg_catalog.text AS owner,
    p.database::pg_catalog.text AS database,
    p.prepared AS prepared_at,
    pg_catalog.age(p.transaction) AS xid_age
FROM pg_catalog.pg_prepared_xacts AS p
ORDER BY p.gid
