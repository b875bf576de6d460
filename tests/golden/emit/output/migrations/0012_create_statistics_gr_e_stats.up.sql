-- Gather statistics of columns that go together
-- Recommendation statistics-1, change 2 of 2
-- Rules: statistics-missing
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: auto (may be applied by policy)
-- Confidence: heuristic; phase: core
-- Risk: Reads a sample of the table; plans may change. Later each ANALYZE of the table, and each
--   plan over it, takes a little longer.
-- Evidence: none recorded
-- Undo: 0012_create_statistics_gr_e_stats.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0012_create_statistics_gr_e_stats.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

CREATE STATISTICS "Ünï Schéma"."Größe | stats" ON (lower(pfad)) FROM "Ünï Schéma"."Straße ""x"" 'y' \z";
ANALYZE "Ünï Schéma"."Straße ""x"" 'y' \z";

COMMIT;

-- sealed: statements 791ac937418ffdc7, file 4a8f45809385b0ed
