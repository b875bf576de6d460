-- planted: max_connections changed, and the server not restarted since.
-- subject: max_connections
ALTER SYSTEM SET max_connections = 150;
SELECT pg_reload_conf();
