-- Drop two indexes of shop.orders that nothing reads
-- Recommendation drop-9d, change 2 of 2
-- Rules: index-unused
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table and the index
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Risk: Waits for older transactions; blocks no write. Statements that need the index get slower,
--   on standbys too; the statistics of an expression go with it.
-- Impact: frees 1.5 GB
-- Evidence:
--   scans = 0 (observed, pg_stat_user_indexes, 2026-03-01 10:10:00 UTC)
--   size_bytes = 1.5 GB (derived, pg_class.relpages × block size, 2026-03-01 10:10:00 UTC)
--   stats_age_days = 45 days (derived, pg_stat_database, 2026-03-01 10:10:00 UTC)
--   replicas_checked = yes (observed, pg_stat_user_indexes of 2 standbys, 2026-03-01 10:10:00 UTC)
-- Undo: 0007_drop_index_evil_drop_table_shop_orders_advisor_x.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0007_drop_index_evil_drop_table_shop_orders_advisor_x.up.sql
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

DO $advisor1$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := E'evil\n; DROP TABLE shop.orders; -- $advisor$ :x';
  shown CONSTANT text := 'shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x"';
  the_table CONSTANT text := 'orders';
  home name;
  identifies boolean;
  backs boolean;
BEGIN
  SELECT t.relname, i.indisreplident, EXISTS (
      SELECT FROM pg_catalog.pg_constraint AS o
       WHERE o.conindid = c.oid AND o.conrelid = i.indrelid)
    INTO home, identifies, backs
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = the_schema AND c.relname = the_name;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'index % is not there', shown
      USING HINT = 'It was dropped already, or this is another database.';
  ELSIF home <> the_table THEN
    RAISE EXCEPTION 'index % is on table % now', shown, home
      USING HINT = 'The name was used again: analyse anew.';
  ELSIF backs OR identifies THEN
    RAISE EXCEPTION 'index % backs a constraint or the replica identity', shown
      USING HINT = 'It was not so when it was analysed: analyse anew.';
  END IF;
END
$advisor1$;

DROP INDEX CONCURRENTLY shop."evil
; DROP TABLE shop.orders; -- $advisor$ :x"
;

DO $advisor1$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := E'evil\n; DROP TABLE shop.orders; -- $advisor$ :x';
  shown CONSTANT text := 'shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x"';
BEGIN
  PERFORM FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = the_schema AND c.relname = the_name;
  IF FOUND THEN
    RAISE EXCEPTION 'index % is still there', shown
      USING HINT = 'It costs writes and may serve no read: run this file again.';
  END IF;
END
$advisor1$;

-- sealed: statements 316f4acfc6182cb1, file d9571f83c294e437
