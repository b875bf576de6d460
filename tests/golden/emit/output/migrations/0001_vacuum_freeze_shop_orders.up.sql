-- Freeze shop.orders
-- Recommendation freeze-1a2b, change 1 of 3
-- Rules: wraparound-near
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: quick win
-- Risk: Reads the table and its indexes, which loads the disk; may lock the table for moments to
--   give its empty end back.
-- Evidence:
--   xid_age = 1,620,000,000 transactions (observed, pg_class.relfrozenxid, 2026-03-01 10:10:00 UTC)
-- Undo: 0001_vacuum_freeze_shop_orders.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0001_vacuum_freeze_shop_orders.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
SET lock_timeout = 0;
SET statement_timeout = 0;
DO $advisor$
BEGIN
  IF pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN
    PERFORM pg_catalog.set_config('transaction_timeout', '0', false);
  END IF;
END
$advisor$;

VACUUM (FREEZE) shop.orders;

-- sealed: statements f617bd3062bc004b, file 21d3be7020e58f7e
