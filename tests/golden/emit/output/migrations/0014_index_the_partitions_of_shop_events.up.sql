-- Index the partitions of shop.events
-- Recommendation script-2, change 1 of 1
-- Rules: none
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the partitions, ACCESS EXCLUSIVE for the last step
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: advanced
-- Risk: Written for review: read it, and try it on a copy first.
-- Evidence: none recorded
-- Undo: 0014_index_the_partitions_of_shop_events.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0014_index_the_partitions_of_shop_events.up.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
SET lock_timeout = 0;
SET statement_timeout = 0;
DO $advisor$
BEGIN
  IF pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN
    PERFORM pg_catalog.set_config('transaction_timeout', '0', false);
  END IF;
END
$advisor$;

CREATE INDEX events_at_idx ON ONLY shop.events (at);
CREATE INDEX CONCURRENTLY events_2026_at_idx ON shop.events_2026 (at);
ALTER INDEX shop.events_at_idx ATTACH PARTITION shop.events_2026_at_idx;

-- sealed: statements 3e2906c3aed45300, file 7914197c12ce7a52
