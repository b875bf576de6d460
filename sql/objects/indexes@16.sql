-- about: indexes in their full identity, read from the catalogue without a lock on their tables
-- returns: Index
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 15s
WITH member AS MATERIALIZED (
    SELECT
        i.indexrelid,
        u.position,
        u.position > i.indnkeyatts AS included,
        u.number = 0 AS is_expression,
        a.attname::pg_catalog.text AS name,
        CASE WHEN u.number = 0 THEN x.atttypid ELSE COALESCE(NULLIF(y.typbasetype, 0), y.oid) END
            AS type,
        i.indclass[u.position - 1] AS opclass,
        i.indcollation[u.position - 1] AS collation,
        CASE WHEN u.number = 0 THEN NULL ELSE a.attcollation END AS own_collation,
        i.indoption[u.position - 1] AS option,
        x.attoptions AS opclass_options
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[])
        WITH ORDINALITY AS u (number, position)
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = u.number
    LEFT JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attribute AS x
        ON x.attrelid = i.indexrelid AND x.attnum = u.position
    WHERE c.relpersistence <> 't'
        AND n.nspname !~ '^pg_'
        AND n.nspname <> 'information_schema'
), special_collation AS (
    SELECT DISTINCT a.attrelid
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attcollation NOT IN (0, 100) AND a.attnum > 0
), opclass AS MATERIALIZED (
    SELECT
        o.oid,
        o.opcdefault,
        o.opcintype,
        o.opckeytype,
        t.typispreferred OR t.typtype = 'p' AS intype_is_general,
        pg_catalog.quote_ident(o.opcname) AS name,
        CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE pg_catalog.quote_ident(n.nspname) || '.' END
            AS prefix
    FROM pg_catalog.pg_opclass AS o
    JOIN pg_catalog.pg_namespace AS n ON n.oid = o.opcnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = o.opcintype
), key AS (
    SELECT
        m.indexrelid,
        m.position,
        m.name,
        m.is_expression,
        m.option,
        o.prefix || o.name AS opclass_name,
        CASE
            WHEN m.opclass_options IS NOT NULL THEN o.prefix || o.name || '(' || (
                SELECT pg_catalog.string_agg(
                    pg_catalog.quote_ident(pg_catalog.split_part(v.option, '=', 1)) || '='
                    || pg_catalog.quote_literal(pg_catalog.substr(
                        v.option, pg_catalog.strpos(v.option, '=') + 1)),
                    ', ' ORDER BY v.position)
                FROM pg_catalog.unnest(m.opclass_options) WITH ORDINALITY AS v (option, position)
            ) || ')'
            WHEN NOT (o.opcdefault AND (
                o.opcintype = m.type
                OR o.intype_is_general
                OR (m.is_expression AND o.opckeytype <> 0)
            )) THEN o.prefix || o.name
        END AS opclass,
        CASE
            WHEN m.collation = 0 OR m.collation IS NOT DISTINCT FROM m.own_collation THEN NULL
            WHEN m.is_expression AND m.collation = 100 AND s.attrelid IS NULL THEN NULL
            ELSE CASE WHEN cn.nspname = 'pg_catalog' THEN ''
                ELSE pg_catalog.quote_ident(cn.nspname) || '.' END
                || pg_catalog.quote_ident(l.collname)
        END AS collation
    FROM member AS m
    JOIN pg_catalog.pg_index AS i ON i.indexrelid = m.indexrelid
    LEFT JOIN opclass AS o ON o.oid = m.opclass
    LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = m.collation
    LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = l.collnamespace
    LEFT JOIN special_collation AS s ON s.attrelid = i.indrelid
    WHERE NOT m.included
), keys AS (
    SELECT
        k.indexrelid,
        pg_catalog.array_agg(k.name ORDER BY k.position) AS keys,
        pg_catalog.array_agg(k.is_expression ORDER BY k.position) AS key_is_expression,
        pg_catalog.array_agg(k.opclass ORDER BY k.position) AS opclasses,
        pg_catalog.array_agg(k.opclass_name ORDER BY k.position) AS opclass_names,
        pg_catalog.array_agg(k.collation ORDER BY k.position) AS collations,
        pg_catalog.array_agg(
            CASE k.option WHEN 1 THEN 'DESC NULLS LAST' WHEN 2 THEN 'NULLS FIRST' WHEN 3 THEN 'DESC'
                ELSE '' END
            ORDER BY k.position
        ) AS orders
    FROM key AS k
    GROUP BY k.indexrelid
), included AS (
    SELECT m.indexrelid, pg_catalog.array_agg(m.name ORDER BY m.position) AS names
    FROM member AS m
    WHERE m.included
    GROUP BY m.indexrelid
)
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    n.nspname::pg_catalog.text AS schema,
    t.relname::pg_catalog.text AS "table",
    c.relname::pg_catalog.text AS name,
    am.amname::pg_catalog.text AS access_method,
    k.keys,
    k.key_is_expression,
    k.opclasses,
    k.opclass_names,
    k.collations,
    k.orders,
    COALESCE(v.names, '{}') AS include,
    i.indpred IS NOT NULL AS has_predicate,
    NULL::pg_catalog.text AS predicate,
    i.indisunique AS is_unique,
    i.indnullsnotdistinct AS nulls_not_distinct,
    i.indisprimary AS is_primary,
    i.indisexclusion AS is_exclusion,
    o.conname::pg_catalog.text AS constraint_name,
    i.indisvalid AS is_valid,
    i.indisready AS is_ready,
    i.indislive AS is_live,
    i.indisclustered AS is_clustered,
    i.indisreplident AS is_replica_identity,
    c.relkind = 'I' AS is_partitioned,
    pn.nspname::pg_catalog.text AS parent_schema,
    p.relname::pg_catalog.text AS parent_name,
    e.extname::pg_catalog.text AS extension,
    COALESCE(c.reloptions, '{}') AS options,
    s.spcname::pg_catalog.text AS tablespace,
    c.relpages AS pages,
    NULLIF(c.reltuples, -1)::pg_catalog.float8 AS rows,
    pg_catalog.pg_stat_get_numscans(i.indexrelid) AS scans,
    pg_catalog.pg_stat_get_tuples_returned(i.indexrelid) AS rows_read,
    pg_catalog.pg_stat_get_tuples_fetched(i.indexrelid) AS rows_fetched,
    pg_catalog.pg_stat_get_lastscan(i.indexrelid) AS last_scan
FROM keys AS k
JOIN pg_catalog.pg_index AS i ON i.indexrelid = k.indexrelid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
LEFT JOIN included AS v ON v.indexrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint AS o
    ON o.conindid = i.indexrelid AND o.conrelid = i.indrelid AND o.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = i.indexrelid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
ORDER BY n.nspname, c.relname
