-- about: indexes of some tables in their full identity, read without a lock on the tables
-- returns: Index
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 5s
WITH opclass AS MATERIALIZED (
    -- One value to look into: joined, these few rows would be read anew for every key.
    SELECT pg_catalog.jsonb_object_agg(
        q.oid::pg_catalog.text,
        pg_catalog.jsonb_build_object(
            'name', CASE WHEN n.nspname = 'pg_catalog' THEN ''
                ELSE pg_catalog.quote_ident(n.nspname) || '.' END
                || pg_catalog.quote_ident(q.opcname),
            'default', q.opcdefault,
            'type', q.opcintype::pg_catalog.int8,
            'general', t.typispreferred OR t.typtype = 'p',
            'stores', q.opckeytype <> 0
        )
    ) AS known
    FROM pg_catalog.pg_opclass AS q
    JOIN pg_catalog.pg_namespace AS n ON n.oid = q.opcnamespace
    JOIN pg_catalog.pg_type AS t ON t.oid = q.opcintype
)
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    tn.nspname::pg_catalog.text AS schema,
    t.relname::pg_catalog.text AS "table",
    c.relname::pg_catalog.text AS name,
    am.amname::pg_catalog.text AS access_method,
    k.keys,
    k.key_is_expression,
    k.opclasses,
    k.opclass_names,
    k.collations,
    k.orders,
    COALESCE(k.include, '{}') AS include,
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
    NULL::pg_catalog.timestamptz AS last_scan
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::pg_catalog.name[]),
    pg_catalog.unnest(%(names)s::pg_catalog.name[])
) AS w (schema, name)
JOIN pg_catalog.pg_namespace AS tn ON tn.nspname = w.schema
JOIN pg_catalog.pg_class AS t ON t.relnamespace = tn.oid AND t.relname = w.name
JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_am AS am ON am.oid = c.relam
CROSS JOIN LATERAL (
    SELECT
        pg_catalog.array_agg(m.name) FILTER (WHERE m.is_key) AS keys,
        pg_catalog.array_agg(m.name) FILTER (WHERE NOT m.is_key) AS include,
        pg_catalog.array_agg(m.is_expression) FILTER (WHERE m.is_key)
            AS key_is_expression,
        pg_catalog.array_agg(
            CASE
                WHEN m.opclass_options IS NOT NULL
                    THEN m.opclass_name || '(' || m.opclass_options || ')'
                WHEN NOT m.opclass_is_default THEN m.opclass_name
            END
        ) FILTER (WHERE m.is_key) AS opclasses,
        pg_catalog.array_agg(m.opclass_name) FILTER (WHERE m.is_key)
            AS opclass_names,
        pg_catalog.array_agg(m.collation) FILTER (WHERE m.is_key)
            AS collations,
        pg_catalog.array_agg(m.order_by) FILTER (WHERE m.is_key) AS orders
    FROM (
        SELECT
            u.position <= i.indnkeyatts AS is_key,
            u.number = 0 AS is_expression,
            a.attname::pg_catalog.text AS name,
            q.opclass ->> 'name' AS opclass_name,
            -- The default for this type: of the type itself, or of a general one that it is binary
            -- coercible to. Where that cannot be told, naming the class is right too.
            (q.opclass ->> 'default')::pg_catalog.bool AND (
                (q.opclass ->> 'general')::pg_catalog.bool
                OR (q.opclass ->> 'type')::pg_catalog.int8 = a.atttypid::pg_catalog.int8
                OR (u.number = 0 AND (q.opclass ->> 'stores')::pg_catalog.bool)
                OR (u.number = 0
                    AND (q.opclass ->> 'type')::pg_catalog.int8 = x.atttypid::pg_catalog.int8)
                OR (q.opclass ->> 'type')::pg_catalog.int8 = (
                    SELECT y.typbasetype::pg_catalog.int8
                    FROM pg_catalog.pg_type AS y WHERE y.oid = a.atttypid
                )
            ) AS opclass_is_default,
            (
                SELECT pg_catalog.string_agg(
                    pg_catalog.quote_ident(pg_catalog.split_part(v.option, '=', 1)) || '='
                    || pg_catalog.quote_literal(pg_catalog.substr(
                        v.option, pg_catalog.strpos(v.option, '=') + 1)),
                    ', ' ORDER BY v.position)
                FROM pg_catalog.unnest(x.attoptions) WITH ORDINALITY AS v (option, position)
            ) AS opclass_options,
            CASE
                WHEN COALESCE(i.indcollation[u.position - 1], 0) IN (0, a.attcollation) THEN NULL
                -- An expression's own collation is not in the catalogue: unless no column of the
                -- table has a special one, the index's is spelt out.
                WHEN u.number = 0 AND i.indcollation[u.position - 1] = 100 AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_attribute AS z
                    WHERE z.attrelid = i.indrelid AND z.attnum > 0
                        AND z.attcollation NOT IN (0, 100)
                ) THEN NULL
                ELSE (
                    SELECT CASE WHEN ln.nspname = 'pg_catalog' THEN ''
                        ELSE pg_catalog.quote_ident(ln.nspname) || '.' END
                        || pg_catalog.quote_ident(l.collname)
                    FROM pg_catalog.pg_collation AS l
                    JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.collnamespace
                    WHERE l.oid = i.indcollation[u.position - 1]
                )
            END AS collation,
            CASE i.indoption[u.position - 1]
                WHEN 1 THEN 'DESC NULLS LAST' WHEN 2 THEN 'NULLS FIRST' WHEN 3 THEN 'DESC' ELSE ''
            END AS order_by
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u (number, position)
        JOIN pg_catalog.pg_attribute AS x ON x.attrelid = i.indexrelid AND x.attnum = u.position
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = i.indrelid AND a.attnum = u.number AND u.number <> 0
        CROSS JOIN LATERAL (
            SELECT (SELECT o.known FROM opclass AS o)
                -> i.indclass[u.position - 1]::pg_catalog.text AS opclass
        ) AS q
        ORDER BY u.position
    ) AS m
) AS k
LEFT JOIN pg_catalog.pg_constraint AS o
    ON o.conrelid = i.indrelid AND o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x')
LEFT JOIN pg_catalog.pg_inherits AS h ON h.inhrelid = i.indexrelid
LEFT JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
LEFT JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace
LEFT JOIN pg_catalog.pg_depend AS d
    ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND d.objid = i.indexrelid AND d.objsubid = 0 AND d.deptype = 'e'
LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
ORDER BY tn.nspname, c.relname
