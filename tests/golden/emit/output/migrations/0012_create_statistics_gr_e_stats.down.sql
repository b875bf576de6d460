-- Undo: Gather statistics of columns that go together
-- Recommendation statistics-1, change 2 of 2
-- Rules: statistics-missing
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: auto (may be applied by policy)
-- Confidence: heuristic; phase: core
-- Undoes: 0012_create_statistics_gr_e_stats.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0012_create_statistics_gr_e_stats.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
BEGIN;

SET LOCAL lock_timeout = '2s';
SET LOCAL statement_timeout = '1min';

DROP STATISTICS "Ünï Schéma"."Größe | stats";

COMMIT;

-- sealed: statements d9e17be99c31eade, file 4e51980b5863b038
