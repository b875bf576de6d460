-- Puts back the settings that alter-system.sql changes.
-- Each run of the advisor writes this file anew: copy it before you use it.
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f alter-system.down.sql
-- on a direct connection. Not with -c or -1: several statements in one message or with -1 are one
-- transaction, in which ALTER SYSTEM is refused.
-- It needs a superuser or, from PostgreSQL 15, a role with ALTER SYSTEM on these parameters,
-- EXECUTE on pg_reload_conf() and pg_show_all_file_settings(), and SELECT on pg_file_settings.

SET client_encoding = 'UTF8';

-- max_connections
ALTER SYSTEM RESET max_connections;

-- session_preload_libraries
ALTER SYSTEM RESET session_preload_libraries;

-- log_line_prefix
ALTER SYSTEM RESET log_line_prefix;

-- work_mem
ALTER SYSTEM SET work_mem = '8MB';

-- max_wal_size
ALTER SYSTEM RESET max_wal_size;

SELECT pg_catalog.pg_reload_conf() AS reloaded;
-- The reload is asynchronous; without a moment's pause the old values are shown.
SELECT pg_catalog.pg_sleep(1) AS pause;

-- pending_restart: the new value waits for a restart.
SELECT name, setting, unit, pending_restart
  FROM pg_catalog.pg_settings
 WHERE name IN ('max_wal_size', 'work_mem', 'log_line_prefix', 'session_preload_libraries', 'max_connections') OR pending_restart
 ORDER BY name;

-- Lines that the server did not take. Those that wait for a restart are among them.
SELECT sourcefile, sourceline, name, setting, error
  FROM pg_catalog.pg_file_settings
 WHERE error IS NOT NULL
 ORDER BY seqno;
