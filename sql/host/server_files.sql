-- about: a file of the server's host that tells of its memory and processors
-- returns: ServerFile
-- cadence: slow
-- scope: cluster
-- needs: role pg_read_server_files and EXECUTE on pg_read_file(text, bigint, bigint, boolean)
-- version-of: server
-- timeout: 2s
SELECT
    %(path)s::pg_catalog.text AS path,
    pg_catalog.pg_read_file(%(path)s, 0, 262144, true) AS content
ORDER BY 1
