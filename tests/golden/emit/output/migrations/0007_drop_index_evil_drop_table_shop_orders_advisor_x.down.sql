-- Undo: Drop two indexes of shop.orders that nothing reads
-- Recommendation drop-9d, change 2 of 2
-- Rules: index-unused
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table and the index
-- Duration: short; needs: none
-- Applicability: review (a person approves it)
-- Confidence: heuristic; phase: core
-- Undoes: 0007_drop_index_evil_drop_table_shop_orders_advisor_x.up.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0007_drop_index_evil_drop_table_shop_orders_advisor_x.down.sql
-- on a direct connection. psql -f sends one statement at a time. Not with -c or -1: several
-- statements in one message or with -1 are one transaction, in which CONCURRENTLY, VACUUM and
-- ALTER SYSTEM are refused.

SET client_encoding = 'UTF8';
SET lock_timeout = '2s';
SET statement_timeout = '0';

DO $advisor1$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := E'evil\n; DROP TABLE shop.orders; -- $advisor$ :x';
  shown CONSTANT text := 'shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x"';
  help CONSTANT text := 'If a failed build left it, and none runs now (pg_stat_progress_create_index): DROP INDEX CONCURRENTLY shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x";';
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
$advisor1$;

CREATE INDEX "evil
; DROP TABLE shop.orders; -- $advisor$ :x" ON shop.orders USING btree (note text_pattern_ops DESC);
;

DO $advisor1$
DECLARE
  the_schema CONSTANT text := 'shop';
  the_name CONSTANT text := E'evil\n; DROP TABLE shop.orders; -- $advisor$ :x';
  shown CONSTANT text := 'shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x"';
  help CONSTANT text := 'DROP INDEX CONCURRENTLY shop."evil ; DROP TABLE shop.orders; -- $advisor$ :x"; then run this file again.';
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
$advisor1$;

ANALYZE shop.orders;

-- sealed: statements 0071114f2786ef26, file 38a3174164a50f79
