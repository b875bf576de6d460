-- about: what the role may do on the server, and the marks of managed platforms
-- returns: Access
-- cadence: slow
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version_num,
    current_user::pg_catalog.text AS role,
    pg_catalog.current_database()::pg_catalog.text AS database,
    pg_catalog.pg_is_in_recovery() AS in_recovery,
    EXISTS (
        SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user AND r.rolsuper
    ) AS is_superuser,
    pg_catalog.pg_has_role(current_user, 'pg_monitor', 'USAGE') AS monitor,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS read_all_stats,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS read_all_settings,
    pg_catalog.pg_has_role(current_user, 'pg_read_all_data', 'USAGE') AS read_all_data,
    pg_catalog.pg_has_role(current_user, 'pg_read_server_files', 'USAGE') AS read_server_files,
    pg_catalog.has_function_privilege(
        'pg_catalog.pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE'
    ) AS execute_read_file,
    pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
        AS execute_control_system,
    EXISTS (
        SELECT FROM pg_catalog.pg_settings AS s WHERE s.name = 'pg_stat_statements.max'
    ) AS statements_preloaded,
    ARRAY(
        SELECT r.rolname::pg_catalog.text
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = ANY (%(platform_roles)s::pg_catalog.text[])
        ORDER BY 1
    ) AS platform_roles,
    ARRAY(
        SELECT s.name || '=' || s.setting
        FROM pg_catalog.pg_settings AS s
        WHERE s.name = ANY (%(platform_settings)s::pg_catalog.text[])
            OR EXISTS (
                SELECT
                FROM pg_catalog.unnest(%(platform_prefixes)s::pg_catalog.text[]) AS x (prefix)
                WHERE pg_catalog.starts_with(s.name, x.prefix)
            )
        UNION
        -- What no module of the server defines is not listed there, but can be asked for.
        SELECT x.name || '=' || pg_catalog.current_setting(x.name, true)
        FROM pg_catalog.unnest(%(platform_placeholders)s::pg_catalog.text[]) AS x (name)
        WHERE pg_catalog.current_setting(x.name, true) IS NOT NULL
        ORDER BY 1
    ) AS platform_settings,
    ARRAY(
        SELECT s.name FROM pg_catalog.pg_settings AS s WHERE s.source = 'command line' ORDER BY 1
    ) AS command_line_settings
ORDER BY 1
