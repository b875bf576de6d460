-- Build shop.orders_pkey anew
-- Recommendation reindex-1, change 1 of 1
-- Rules: index-bloat
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Risk: Reads the table twice and waits for older transactions; blocks no write. Needs the disk
--   that the index takes. A build that is interrupted leaves an INVALID index behind, named with
--   the suffix _ccnew.
-- Evidence: none recorded
-- Undo: 0009_reindex_orders_pkey.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0009_reindex_orders_pkey.up.sql
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

REINDEX INDEX CONCURRENTLY shop.orders_pkey;

DO $advisor$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := 'orders_pkey';
  shown CONSTANT text := 'shop.orders_pkey';
  help CONSTANT text := 'DROP INDEX CONCURRENTLY shop.orders_pkey; then run this file again.';
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

-- sealed: statements 9b138b8e2214d3f2, file 615fbd922173810d
