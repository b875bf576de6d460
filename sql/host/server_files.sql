-- about: files of the server's host that tell of its memory and processors
-- returns: ServerFile
-- cadence: slow
-- scope: cluster
-- needs: role pg_read_server_files and EXECUTE on pg_read_file(text, bigint, bigint, boolean)
-- version-of: server
-- timeout: 2s
SELECT
    p.path AS path,
    pg_catalog.pg_read_file(p.path, 0, 262144, true) AS content
FROM pg_catalog.unnest(%(paths)s::pg_catalog.text[]) AS p (path)
ORDER BY p.path
