-- about: queries of some views; those over locked tables are left out
-- returns: Definition
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
WITH locked AS MATERIALIZED (
    SELECT DISTINCT l.relation
    FROM pg_catalog.pg_locks AS l
    WHERE l.locktype = 'relation'
        AND l.mode = 'AccessExclusiveLock'
        AND l.database = (
            SELECT d.oid FROM pg_catalog.pg_database AS d
            WHERE d.datname = pg_catalog.current_database()
        )
)
SELECT
    n.nspname::pg_catalog.text AS schema,
    c.relname::pg_catalog.text AS name,
    k.is_locked,
    ARRAY[CASE WHEN NOT k.is_locked THEN pg_catalog.pg_get_viewdef(c.oid) END] AS texts
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.name[]),
    pg_catalog.unnest(%(names)s::pg_catalog.name[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_class AS c
    ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind = 'v'
JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        JOIN locked AS l ON l.relation = d.refobjid
        WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
            AND d.objid = r.oid
            AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    ) AS is_locked
) AS k
ORDER BY n.nspname, c.relname
