-- Freeze shop.orders
-- Recommendation freeze-1a2b, change 2 of 3
-- Rules: wraparound-near
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: quick win
-- Risk: Reads a sample of the table; plans may change.
-- Evidence:
--   xid_age = 1,620,000,000 transactions (observed, pg_class.relfrozenxid, 2026-03-01 10:10:00 UTC)
-- Undo: 0002_analyze_shop_orders.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0002_analyze_shop_orders.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

ANALYZE shop.orders;

COMMIT;

-- sealed: statements 6597d8a01d9d5e73, file 1323f9eeba8d8b82
