-- Add a column for comments
-- Recommendation script-1, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: ACCESS EXCLUSIVE on shop.orders
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Risk: Written for review: read it, and try it on a copy first.
-- Evidence: none recorded
-- Undo: 0013_add_a_column_for_comments.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0013_add_a_column_for_comments.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '1min';

-- A check that is not valid yet costs no scan.
ALTER TABLE shop.orders ADD CONSTRAINT orders_note_check CHECK (note <> $$it's$$) NOT VALID;
ALTER TABLE shop.orders ADD COLUMN comment text -- done
;

COMMIT;

-- sealed: statements de99851b38575ddc, file 171797e0af8a25cf
