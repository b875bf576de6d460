-- about: statistics of the columns of some tables, values in them: read only when asked
-- returns: ColumnValues
-- cadence: slow
-- scope: database
-- needs: SELECT on the tables
-- version-of: server
-- timeout: 15s
SELECT
    pg_catalog.current_database()::pg_catalog.text AS database,
    s.schemaname::pg_catalog.text AS schema,
    s.tablename::pg_catalog.text AS "table",
    s.attname::pg_catalog.text AS name,
    s.inherited AS inherited,
    s.null_frac::pg_catalog.float8 AS null_fraction,
    s.avg_width AS average_width,
    s.n_distinct::pg_catalog.float8 AS n_distinct,
    s.most_common_vals::pg_catalog.text AS most_common_values,
    s.most_common_freqs::pg_catalog.float8[] AS most_common_frequencies,
    s.histogram_bounds::pg_catalog.text AS histogram_bounds,
    s.correlation::pg_catalog.float8 AS correlation,
    s.most_common_elems::pg_catalog.text AS most_common_elements,
    s.most_common_elem_freqs::pg_catalog.float8[] AS most_common_element_frequencies,
    s.elem_count_histogram::pg_catalog.float8[] AS element_count_histogram,
    NULL::pg_catalog.text AS range_length_histogram,
    NULL::pg_catalog.float8 AS range_empty_fraction,
    NULL::pg_catalog.text AS range_bounds_histogram
FROM pg_catalog.pg_stats AS s
WHERE s.tablename = ANY (%(names)s::pg_catalog.name[])
    AND s.schemaname = ANY (%(schemas)s::pg_catalog.name[])
ORDER BY s.schemaname, s.tablename, s.attname, s.inherited
