-- about: an upper bound of what one reading of the server's clock costs
-- returns: ClockCost
-- cadence: slow
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    (
        EXTRACT(epoch FROM pg_catalog.max(s.t) - pg_catalog.min(s.t)) * 1e9 / pg_catalog.count(*)
    )::pg_catalog.float8 AS nanoseconds
FROM (
    SELECT pg_catalog.clock_timestamp() AS t FROM pg_catalog.generate_series(1, 20000)
) AS s
ORDER BY 1
