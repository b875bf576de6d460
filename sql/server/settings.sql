-- about: settings as the server gives them to new sessions; those that may hold secrets left out
-- returns: Setting
-- cadence: slow
-- scope: cluster
-- needs: role pg_read_all_settings
-- version-of: server
-- timeout: 5s
SELECT
    s.name,
    CASE WHEN o.ours THEN s.reset_val ELSE s.setting END AS value,
    s.unit,
    s.vartype,
    s.context,
    CASE
        WHEN NOT o.ours THEN s.source
        WHEN s.reset_val IS NOT DISTINCT FROM s.boot_val THEN 'default'
        ELSE 'configuration file'
    END AS source,
    s.min_val AS min_value,
    s.max_val AS max_value,
    s.enumvals AS enum_values,
    s.boot_val AS boot_value,
    s.reset_val AS reset_value,
    CASE WHEN pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')
        THEN COALESCE(s.sourcefile LIKE '%%/postgresql.auto.conf', false) END AS in_auto_conf,
    s.pending_restart
FROM pg_catalog.pg_settings AS s
CROSS JOIN LATERAL (SELECT s.source IN ('session', 'client') AS ours) AS o
WHERE CASE WHEN o.ours THEN s.reset_val ELSE s.setting END IS NOT NULL
    AND s.name NOT IN ('primary_conninfo', 'transaction_read_only', 'application_name')
    AND s.name NOT LIKE '%%\_command'
ORDER BY s.name
