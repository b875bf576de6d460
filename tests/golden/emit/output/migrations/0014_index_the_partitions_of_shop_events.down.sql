-- Undo: Index the partitions of shop.events
-- Recommendation script-2, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the partitions, ACCESS EXCLUSIVE for the last step
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Undoes: 0014_index_the_partitions_of_shop_events.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0014_index_the_partitions_of_shop_events.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
SET lock_timeout = '2s';
SET statement_timeout = '0';

DROP INDEX shop.events_at_idx;

-- sealed: statements fa4875bc9d33faf2, file 58af888d65f2e330
