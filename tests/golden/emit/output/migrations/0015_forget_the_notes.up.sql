-- Forget the notes
-- Recommendation script-3, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: ROW EXCLUSIVE on shop.orders
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Risk: Written for review: read it, and try it on a copy first.
-- Evidence: none recorded
-- Undo: 0015_forget_the_notes.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0015_forget_the_notes.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

UPDATE shop.orders SET note = NULL WHERE note IS NOT NULL;

COMMIT;

-- sealed: statements 16533b6db36cafcd, file 9b908e0aab28f1e8
