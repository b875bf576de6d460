-- about: encoding and default collation of the databases
-- returns: Locale
-- cadence: slow
-- scope: cluster
-- needs: nothing
-- version-of: server
-- timeout: 2s
SELECT
    d.datname::pg_catalog.text AS database,
    pg_catalog.pg_encoding_to_char(d.encoding)::pg_catalog.text AS encoding,
    'libc' AS provider,
    d.datcollate::pg_catalog.text AS "collate",
    d.datctype::pg_catalog.text AS ctype,
    NULL::pg_catalog.text AS locale
FROM pg_catalog.pg_database AS d
ORDER BY d.datname
