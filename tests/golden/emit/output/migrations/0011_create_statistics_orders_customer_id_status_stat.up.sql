-- Gather statistics of columns that go together
-- Recommendation statistics-1, change 1 of 2
-- Rules: statistics-missing
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: auto (may be applied by policy)
-- Confidence: heuristic; phase: core
-- Risk: Reads a sample of the table; plans may change. Later each ANALYZE of the table, and each
--   plan over it, takes a little longer.
-- Evidence: none recorded
-- Undo: 0011_create_statistics_orders_customer_id_status_stat.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0011_create_statistics_orders_customer_id_status_stat.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

CREATE STATISTICS shop.orders_customer_id_status_stats (ndistinct, dependencies, mcv) ON customer_id, status FROM shop.orders;
ANALYZE shop.orders;

COMMIT;

-- sealed: statements df7dad066627b0d8, file ef992d4539f6fbb1
