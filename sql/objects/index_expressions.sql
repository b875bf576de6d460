-- about: expressions and predicates of some indexes; those of locked tables are left out
-- returns: IndexExpressions
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
    (l.relation IS NOT NULL) AS is_locked,
    ARRAY(
        SELECT CASE WHEN l.relation IS NULL AND u.number = 0
            THEN pg_catalog.pg_get_indexdef(i.indexrelid, u.position::pg_catalog.int4, false) END
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u (number, position)
        WHERE u.position <= i.indnkeyatts
        ORDER BY u.position
    ) AS expressions,
    CASE WHEN l.relation IS NULL THEN pg_catalog.pg_get_expr(i.indpred, i.indrelid) END AS predicate
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.text[]),
    pg_catalog.unnest(%(names)s::pg_catalog.text[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
LEFT JOIN locked AS l ON l.relation = i.indrelid
ORDER BY n.nspname, c.relname
