-- about: tables, partitioned tables and materialised views with their counters
-- returns: Relation
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
WITH index_use AS (
    SELECT
        i.indrelid,
        pg_catalog.sum(pg_catalog.pg_stat_get_numscans(i.indexrelid))::pg_catalog.int8 AS scans,
        pg_catalog.sum(pg_catalog.pg_stat_get_tuples_fetched(i.indexrelid))::pg_catalog.int8
            AS rows_fetched
    FROM pg_catalog.pg_index AS i
    GROUP BY i.indrelid
)
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    c.relkind::pg_catalog.text AS kind,
    c.relpersistence::pg_catalog.text AS persistence,
    pg_catalog.pg_get_userbyid(c.relowner)::pg_catalog.text AS owner,
    c.relispartition AS is_partition,
    pn.nspname::pg_catalog.text AS parent_schema,
    p.relname::pg_catalog.text AS parent_name,
    e.extname::pg_catalog.text AS extension,
    c.relreplident::pg_catalog.text AS replica_identity,
    COALESCE(c.reloptions, '{}') AS options,
    COALESCE(t.reloptions, '{}') AS toast_options,
    NULLIF(c.reltuples, -1)::pg_catalog.float8 AS rows,
    c.relpages AS pages,
    COALESCE(t.relpages, 0) AS toast_pages,
    c.relallvisible AS all_visible_pages,
    CASE WHEN c.relfrozenxid <> '0' THEN pg_catalog.age(c.relfrozenxid) END AS xid_age,
    CASE WHEN c.relminmxid <> '0' THEN pg_catalog.mxid_age(c.relminmxid) END AS mxid_age,
    CASE WHEN t.relfrozenxid <> '0' THEN pg_catalog.age(t.relfrozenxid) END AS toast_xid_age,
    CASE WHEN t.relminmxid <> '0' THEN pg_catalog.mxid_age(t.relminmxid) END AS toast_mxid_age,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_live_tuples(c.oid) END AS live_rows,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_dead_tuples(c.oid) END AS dead_rows,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_mod_since_analyze(c.oid) END
        AS modified_since_analyze,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) END
        AS inserted_since_vacuum,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_dead_tuples(t.oid) END AS toast_dead_rows,
    pg_catalog.pg_stat_get_numscans(c.oid) AS seq_scans,
    pg_catalog.pg_stat_get_tuples_returned(c.oid) AS seq_rows_read,
    u.scans AS index_scans,
    u.rows_fetched + pg_catalog.pg_stat_get_tuples_fetched(c.oid) AS index_rows_fetched,
    pg_catalog.pg_stat_get_tuples_inserted(c.oid) AS inserts,
    pg_catalog.pg_stat_get_tuples_updated(c.oid) AS updates,
    pg_catalog.pg_stat_get_tuples_deleted(c.oid) AS deletes,
    pg_catalog.pg_stat_get_tuples_hot_updated(c.oid) AS hot_updates,
    NULL::pg_catalog.int8 AS newpage_updates,
    pg_catalog.pg_stat_get_blocks_fetched(c.oid) - pg_catalog.pg_stat_get_blocks_hit(c.oid)
        AS heap_blocks_read,
    pg_catalog.pg_stat_get_blocks_hit(c.oid) AS heap_blocks_hit,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_vacuum_count(c.oid) END AS vacuums,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_autovacuum_count(c.oid) END AS autovacuums,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_analyze_count(c.oid) END AS analyzes,
    CASE WHEN r.primary THEN pg_catalog.pg_stat_get_autoanalyze_count(c.oid) END AS autoanalyzes,
    pg_catalog.pg_stat_get_last_vacuum_time(c.oid) AS last_vacuum,
    pg_catalog.pg_stat_get_last_autovacuum_time(c.oid) AS last_autovacuum,
    pg_catalog.pg_stat_get_last_analyze_time(c.oid) AS last_analyze,
    pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) AS last_autoanalyze
FROM pg_catalog.pg_class AS c
CROSS JOIN (SELECT NOT pg_catalog.pg_is_in_recovery() AS primary) AS r
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
LEFT JOIN index_use AS u ON u.indrelid = c.oid
LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = c.oid AND h.inhseqno = 1
LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE c.relkind IN ('r', 'p', 'm')
    AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_'
    AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname
