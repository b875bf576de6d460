-- Undo: Forget the notes
-- Recommendation script-3, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: ROW EXCLUSIVE on shop.orders
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Undoes: 0015_forget_the_notes.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0015_forget_the_notes.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
DO $advisor$
DECLARE
  reason CONSTANT text := 'cannot be undone: its statements have no inverse';
  help CONSTANT text := 'Restore what it changed from a backup.';
BEGIN
  RAISE EXCEPTION '%', reason USING HINT = help;
END
$advisor$;

-- sealed: statements c544b73c2e4cca0d, file 827927c4882248ee
