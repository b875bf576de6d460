-- Undo: Build shop.orders_pkey anew
-- Recommendation reindex-1, change 1 of 1
-- Rules: index-bloat
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Undoes: 0009_reindex_orders_pkey.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0009_reindex_orders_pkey.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
DO $advisor$
DECLARE
  reason CONSTANT text := 'nothing to undo: REINDEX leaves the same index';
BEGIN
  RAISE NOTICE '%', reason;
END
$advisor$;

-- sealed: statements 06b5f47372d26f10, file cf0deb51d29b3977
