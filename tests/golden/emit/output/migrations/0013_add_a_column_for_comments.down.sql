-- Undo: Add a column for comments
-- Recommendation script-1, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: ACCESS EXCLUSIVE on shop.orders
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Undoes: 0013_add_a_column_for_comments.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0013_add_a_column_for_comments.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE shop.orders DROP COLUMN comment;
ALTER TABLE shop.orders DROP CONSTRAINT orders_note_check;

COMMIT;

-- sealed: statements 053f699fdffa9c7f, file 199d2689eaecc54c
