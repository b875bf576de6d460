-- about: files of the server's host that tell of its memory and processors, by the helper function
-- returns: ServerFile
-- cadence: slow
-- scope: cluster
-- needs: EXECUTE on pgtune_advisor.host_files()
-- version-of: server
-- timeout: 2s
SELECT
    f.path AS path,
    f.content AS content
FROM pgtune_advisor.host_files() AS f
ORDER BY f.path
