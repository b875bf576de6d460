-- about: the number that names this cluster and its standbys
-- returns: SystemIdentifier
-- cadence: slow
-- scope: cluster
-- needs: EXECUTE on pg_catalog.pg_control_system()
-- version-of: server
-- timeout: 2s
SELECT c.system_identifier::pg_catalog.text AS system_identifier
FROM pg_catalog.pg_control_system() AS c
ORDER BY 1
