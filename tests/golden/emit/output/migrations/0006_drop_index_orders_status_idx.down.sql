-- Undo: Drop two indexes of shop.orders that nothing reads
-- Recommendation drop-9d, change 1 of 2
-- Rules: index-unused
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table and the index
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Undoes: 0006_drop_index_orders_status_idx.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0006_drop_index_orders_status_idx.down.sql
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
  the_name CONSTANT text := 'orders_status_idx';
  shown CONSTANT text := 'shop.orders_status_idx';
  help CONSTANT text := 'If a failed build left it, and none runs now (pg_stat_progress_create_index): DROP INDEX CONCURRENTLY shop.orders_status_idx;';
  valid boolean;
BEGIN
  SELECT i.indisvalid INTO valid
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
   WHERE n.nspname = the_schema AND c.relname = the_name;
  IF FOUND THEN
    RAISE EXCEPTION 'the name % is taken%', shown,
      CASE WHEN valid THEN ' by a valid index' WHEN NOT valid THEN ' by an invalid index' ELSE '' END
      USING HINT = help;
  END IF;
END
$advisor$;

CREATE INDEX CONCURRENTLY orders_status_idx ON shop.orders USING btree (status) WITH (fillfactor='70') WHERE (status <> 'done'::text);

DO $advisor$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := 'orders_status_idx';
  shown CONSTANT text := 'shop.orders_status_idx';
  help CONSTANT text := 'DROP INDEX CONCURRENTLY shop.orders_status_idx; then run this file again.';
BEGIN
  PERFORM FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE n.nspname = the_schema AND c.relname = the_name
     AND i.indisvalid AND i.indisready AND i.indislive;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'index % is not there or not valid', shown USING HINT = help;
  END IF;
END
$advisor$;

ANALYZE shop.orders;

-- sealed: statements 0bcd3d62c635519f, file e1f11c88282b538f
