-- Drop shop.orders_old_idx, whose definition could not be read
-- Recommendation drop-unknown, change 1 of 1
-- Rules: index-unused
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table and the index
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Risk: Waits for older transactions; blocks no write. Statements that need the index get slower,
--   on standbys too; the statistics of an expression go with it.
-- Evidence: none recorded
-- Undo: 0008_drop_index_orders_old_idx.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0008_drop_index_orders_old_idx.up.sql
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

DO $advisor$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := 'orders_old_idx';
  shown CONSTANT text := 'shop.orders_old_idx';
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
$advisor$;

DROP INDEX CONCURRENTLY shop.orders_old_idx;

DO $advisor$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := 'orders_old_idx';
  shown CONSTANT text := 'shop.orders_old_idx';
BEGIN
  PERFORM FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = the_schema AND c.relname = the_name;
  IF FOUND THEN
    RAISE EXCEPTION 'index % is still there', shown
      USING HINT = 'It costs writes and may serve no read: run this file again.';
  END IF;
END
$advisor$;

-- sealed: statements 65a9066375ba861c, file 237418c5de7f45ce
