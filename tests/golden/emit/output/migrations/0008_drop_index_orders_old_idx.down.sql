-- Undo: Drop shop.orders_old_idx, whose definition could not be read
-- Recommendation drop-unknown, change 1 of 1
-- Rules: index-unused
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table and the index
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Undoes: 0008_drop_index_orders_old_idx.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0008_drop_index_orders_old_idx.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
DO $advisor$
DECLARE
  reason CONSTANT text := 'cannot be undone: the index''s definition could not be read';
  help CONSTANT text := 'Restore what it changed from a backup.';
BEGIN
  RAISE EXCEPTION '%', reason USING HINT = help;
END
$advisor$;

-- sealed: statements 4df9a0ba30bcd35a, file 14698af91bc2baa8
