"""What is asked of a clone's catalogue."""

from __future__ import annotations

from typing import Final

IDENTITY: Final = """SELECT
  CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
       THEN (SELECT system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system()) END,
  pg_catalog.pg_postmaster_start_time(), pg_catalog.current_database()::pg_catalog.text,
  pg_catalog.pg_is_in_recovery()"""
TREE: Final = """WITH RECURSIVE tree (oid) AS (
  SELECT pg_catalog.to_regclass(%s)::pg_catalog.oid
  UNION ALL
  SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid)
SELECT c.relname::pg_catalog.text, c.reltuples::pg_catalog.float8,
  CASE WHEN c.relkind IN ('r', 'i', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END,
  c.relkind::pg_catalog.text
FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid"""
VIEW: Final = "CREATE TEMPORARY VIEW pgtune_advisor_probe AS SELECT 1 FROM"
# What a query calls and reads, by the rule of a view over it: the parser has resolved every name.
CALLS: Final = """WITH RECURSIVE seen (oid) AS (
  SELECT 'pg_temp.pgtune_advisor_probe'::pg_catalog.regclass::pg_catalog.oid
  UNION
  SELECT c.oid FROM seen
  JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = seen.oid AND r.ev_type = '1'
  CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::text, ':relid (\\d+)', 'g') AS m (x)
  JOIN pg_catalog.pg_class AS c ON c.oid = m.x[1]::pg_catalog.oid AND c.relkind IN ('v', 'f')),
action AS (
  SELECT r.ev_action::text AS tree FROM seen
  JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = seen.oid AND r.ev_type = '1'),
called AS (
  SELECT m.x[1]::pg_catalog.oid AS oid FROM action
  CROSS JOIN LATERAL pg_catalog.regexp_matches(
    tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') AS m (x)
  UNION
  SELECT o.oprcode FROM action
  CROSS JOIN LATERAL pg_catalog.regexp_matches(tree, ':opno (\\d+)', 'g') AS m (x)
  JOIN pg_catalog.pg_operator AS o ON o.oid = m.x[1]::pg_catalog.oid),
stepped AS (
  SELECT oid FROM called
  UNION
  SELECT f.oid FROM called JOIN pg_catalog.pg_aggregate AS a ON a.aggfnoid = called.oid
  CROSS JOIN LATERAL (VALUES (a.aggtransfn::pg_catalog.oid), (a.aggfinalfn::pg_catalog.oid))
    AS f (oid))
SELECT 'volatile', p.oid::pg_catalog.regprocedure::pg_catalog.text
  FROM stepped JOIN pg_catalog.pg_proc AS p ON p.oid = stepped.oid WHERE p.provolatile = 'v'
UNION ALL
SELECT 'foreign', c.oid::pg_catalog.regclass::pg_catalog.text
  FROM seen JOIN pg_catalog.pg_class AS c ON c.oid = seen.oid WHERE c.relkind = 'f'
ORDER BY 1, 2"""
