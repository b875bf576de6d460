-- Settings that pgtune-advisor recommends, for review.
-- Each run of the advisor writes this file anew: copy it before you use it.
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f alter-system.sql
-- on a direct connection. Not with -c or -1: several statements in one message or with -1 are one
-- transaction, in which ALTER SYSTEM is refused.
-- It needs a superuser or, from PostgreSQL 15, a role with ALTER SYSTEM on these parameters,
-- EXECUTE on pg_reload_conf() and pg_show_all_file_settings(), and SELECT on pg_file_settings.

SET client_encoding = 'UTF8';

-- ---- reload ----

-- Give checkpoints and sorts room
-- settings-1: review, heuristic; now 1GB
-- Evidence:
--   forced_ratio = 38 % (derived, pg_stat_checkpointer, 2026-03-01 10:10:00 UTC)
ALTER SYSTEM SET max_wal_size = '4GB';

-- Give checkpoints and sorts room
-- settings-1: review, heuristic; now 8MB
-- Evidence:
--   forced_ratio = 38 % (derived, pg_stat_checkpointer, 2026-03-01 10:10:00 UTC)
ALTER SYSTEM SET work_mem = '16MB';

-- Write to the log what is needed to read it
-- settings-2: review, heuristic; now %m [%p]
-- Evidence: none recorded
ALTER SYSTEM SET log_line_prefix = E'%m  ''it''''s'' \\ [%p] ';

-- Write to the log what is needed to read it
-- settings-2: review, heuristic; now empty
-- Evidence: none recorded
ALTER SYSTEM SET session_preload_libraries = 'auto_explain', 'pg_stat_statements';

-- ---- restart ----
-- If the server does not start afterwards: delete the lines of these settings from
-- postgresql.auto.conf in its data directory, and start it again.

-- Give checkpoints and sorts room
-- settings-1: review, heuristic; now 40
-- Evidence:
--   forced_ratio = 38 % (derived, pg_stat_checkpointer, 2026-03-01 10:10:00 UTC)
ALTER SYSTEM SET max_connections = '60';

-- settings-3 wants another value of work_mem: 64MB. The one that ranks higher is kept.

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
