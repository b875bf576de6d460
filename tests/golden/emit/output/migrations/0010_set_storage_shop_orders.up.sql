-- Vacuum shop.orders earlier
-- Recommendation storage-5, change 1 of 1
-- Rules: vacuum-overdue
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: short; needs: none
-- Applicability: auto (may be applied by policy)
-- Confidence: heuristic; phase: core
-- Risk: Waits at most 2 s for its lock, then fails and changes nothing.
-- Evidence: none recorded
-- Undo: 0010_set_storage_shop_orders.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0010_set_storage_shop_orders.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE shop.orders SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);

COMMIT;

-- sealed: statements 198c51ed8153a27c, file 782a255fe1c99456
