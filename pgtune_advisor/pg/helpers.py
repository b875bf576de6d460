"""SECURITY DEFINER functions that show what a plain role may not read: figures, never values."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.domain.identifiers import quote_ident

SCHEMA: Final = "pgtune_advisor"
COLUMN_STATISTICS: Final = f"{SCHEMA}.column_statistics(name[], name[])"
SEQUENCE_VALUE: Final = f"{SCHEMA}.sequence_value(oid)"
HOST_FILES: Final = f"{SCHEMA}.host_files()"
SIGNATURES: Final = (COLUMN_STATISTICS, SEQUENCE_VALUE, HOST_FILES)

_FUNCTIONS: Final = """\
CREATE FUNCTION pgtune_advisor.column_statistics(schemas name[], tables name[])
    RETURNS TABLE (
        schemaname name, tablename name, attname name, inherited boolean, null_frac real,
        n_distinct real, avg_width integer, correlation real, top_frequency real
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $function$
        SELECT s.schemaname, s.tablename, s.attname, s.inherited, s.null_frac, s.n_distinct,
            s.avg_width, s.correlation, s.most_common_freqs[1]
        FROM pg_catalog.pg_stats AS s
        WHERE s.tablename = ANY ($2) AND s.schemaname = ANY ($1)
            AND s.schemaname !~ '^pg_' AND s.schemaname <> 'information_schema'
    $function$;

CREATE FUNCTION pgtune_advisor.sequence_value(sequence oid)
    RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $function$
        SELECT pg_catalog.pg_sequence_last_value($1)
    $function$;

CREATE FUNCTION pgtune_advisor.host_files()
    RETURNS TABLE (path text, content text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $function$
        WITH RECURSIVE own AS (
            SELECT pg_catalog.split_part(pg_catalog.btrim(line), ':', 3) AS folder
            FROM pg_catalog.regexp_split_to_table(
                pg_catalog.pg_read_file('/proc/self/cgroup', 0, 65536, true), '\\n'
            ) AS line
            WHERE line LIKE '0::%'
        ), folders AS (
            SELECT CASE WHEN folder = '/' THEN '' ELSE folder END AS folder FROM own
            UNION
            SELECT pg_catalog.regexp_replace(folder, '/[^/]*$', '') FROM folders WHERE folder <> ''
        ), files AS (
            SELECT '/sys/fs/cgroup' || folder || '/' || name AS path
            FROM folders,
                (VALUES ('memory.max'), ('cpu.max'), ('cpuset.cpus.effective')) AS v (name)
            UNION
            SELECT name FROM (VALUES
                ('/proc/meminfo'), ('/proc/cpuinfo'), ('/proc/self/cgroup'),
                ('/sys/fs/cgroup/memory/memory.limit_in_bytes'),
                ('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
                ('/sys/fs/cgroup/cpu/cpu.cfs_period_us')
            ) AS v (name)
        )
        SELECT f.path, pg_catalog.pg_read_file(f.path, 0, 262144, true) FROM files AS f
    $function$;
"""


def helper_script(role: str) -> str:
    """SQL that a superuser runs in each watched database so that `role` sees these figures.

    The functions run as whoever creates them; nobody but the role may call them.
    """
    grantee = quote_ident(role)
    rights = "".join(
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC;\n"
        f"GRANT EXECUTE ON FUNCTION {signature} TO {grantee};\n"
        for signature in SIGNATURES
    )
    return (
        f"-- DROP SCHEMA {SCHEMA} CASCADE; takes everything back.\n"
        "BEGIN;\n"
        f"CREATE SCHEMA {SCHEMA};\n"
        f"REVOKE ALL ON SCHEMA {SCHEMA} FROM PUBLIC;\n"
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {grantee};\n\n"
        f"{_FUNCTIONS}\n"
        f"{rights}"
        "COMMIT;\n"
    )
