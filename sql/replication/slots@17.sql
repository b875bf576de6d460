-- about: replication slots and the WAL that they hold back
-- returns: Slot
-- cadence: fast
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    s.slot_name::pg_catalog.text AS name,
    s.slot_type AS type,
    s.plugin::pg_catalog.text AS plugin,
    s.database::pg_catalog.text AS database,
    s.active AS active,
    s.temporary AS temporary,
    pg_catalog.age(s.xmin) AS xmin_age,
    pg_catalog.age(s.catalog_xmin) AS catalog_xmin_age,
    pg_catalog.pg_wal_lsn_diff(
        CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
             ELSE pg_catalog.pg_current_wal_lsn() END,
        s.restart_lsn
    )::pg_catalog.int8 AS retained_bytes,
    s.wal_status AS wal_status,
    s.safe_wal_size AS safe_wal_bytes,
    s.inactive_since AS inactive_since
FROM pg_catalog.pg_replication_slots AS s
ORDER BY s.slot_name
