-- Create an index on the path of Straße "x" 'y' \z
-- Recommendation expr-77, change 1 of 1
-- Rules: missing-index
-- Database: shop
-- Lock: SHARE UPDATE EXCLUSIVE on the table
-- Duration: long; needs: none
-- Applicability: auto (may be applied by policy)
-- Confidence: heuristic; phase: core
-- Risk: Reads the table twice and waits for older transactions; blocks no write. Needs the disk
--   that the index takes. A build that is interrupted leaves an INVALID index behind. Later each
--   write to the table maintains it.
-- Evidence: none recorded
-- Undo: 0005_create_index_gr_e_pfad.down.sql
--
-- Run with:  psql -X -v ON_ERROR_STOP=1 -f 0005_create_index_gr_e_pfad.up.sql
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
  the_schema CONSTANT text := 'Ünï Schéma';
  the_name CONSTANT text := 'Größe | pfad';
  shown CONSTANT text := '"Ünï Schéma"."Größe | pfad"';
  help CONSTANT text := 'If a failed build left it, and none runs now (pg_stat_progress_create_index): DROP INDEX CONCURRENTLY "Ünï Schéma"."Größe | pfad";';
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

CREATE INDEX CONCURRENTLY "Größe | pfad" ON "Ünï Schéma"."Straße ""x"" 'y' \z" USING btree (lower(pfad), "Größe (cm)" DESC NULLS LAST) INCLUDE (pfad) WHERE pfad <> E'c:\\temp  dir';

DO $advisor$
DECLARE
  the_schema CONSTANT text := 'Ünï Schéma';
  the_name CONSTANT text := 'Größe | pfad';
  shown CONSTANT text := '"Ünï Schéma"."Größe | pfad"';
  help CONSTANT text := 'DROP INDEX CONCURRENTLY "Ünï Schéma"."Größe | pfad"; then run this file again.';
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

ANALYZE "Ünï Schéma"."Straße ""x"" 'y' \z";

-- sealed: statements 3a82c553c800e30f, file 9250742473282cea
