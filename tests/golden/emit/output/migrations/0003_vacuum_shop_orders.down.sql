-- Undo: Freeze shop.orders
-- Recommendation freeze-1a2b, change 3 of 3
-- Rules: wraparound-near
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: quick win
-- Undoes: 0003_vacuum_shop_orders.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0003_vacuum_shop_orders.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
DO $advisor$
DECLARE
  reason CONSTANT text := 'nothing to undo: VACUUM changes no definition';
BEGIN
  RAISE NOTICE '%', reason;
END
$advisor$;

-- sealed: statements ad07ace47d4c6637, file 44260bd0f281ac70
