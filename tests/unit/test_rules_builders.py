"""The changes that rules may name: their SQL, and what undoes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pgtune_advisor.domain.changes import (
    CreateIndex,
    DropIndex,
    Maintain,
    Reindex,
    Script,
    SetParameter,
    SetStorage,
)
from unit import rule_files
from unit.report_making import only, report


def test_a_setting_that_has_the_value_is_turned_down(tmp_path: Path) -> None:
    rule_files.write(
        tmp_path, "a-rule", change='{ kind = "set-parameter", name = "work_mem", value = "4MB" }'
    )
    found = report(tmp_path, {"indexes": [{}]})
    assert len(found.findings) == 1
    assert not found.recommendations
    assert [r.reason for r in found.rejected] == ["already-so"]
    rule_files.write(
        tmp_path, "a-rule", change='{ kind = "set-parameter", name = "no_such", value = "1" }'
    )
    assert [r.reason for r in report(tmp_path, {"indexes": [{}]}).rejected] == ["already-so"]


@pytest.mark.parametrize(
    ("setting", "change", "sql", "inverse", "needs"),
    [
        (
            {"work_mem": "4MB"},
            ("work_mem", "16MB"),
            "ALTER SYSTEM SET work_mem = '16MB'",
            "ALTER SYSTEM RESET work_mem",
            "reload",
        ),
        (
            {"shared_buffers": {"value": "128MB", "in_auto_conf": True}},
            ("shared_buffers", "1GB"),
            "ALTER SYSTEM SET shared_buffers = '1GB'",
            "ALTER SYSTEM SET shared_buffers = '128MB'",
            "restart",
        ),
        (
            {"work_mem": "4MB"},
            ("work_mem", "1kB"),
            "ALTER SYSTEM SET work_mem = '64kB'",
            "ALTER SYSTEM RESET work_mem",
            "reload",
        ),
        (
            {"track_io_timing": "off"},
            ("track_io_timing", "on"),
            "ALTER SYSTEM SET track_io_timing = 'on'",
            "ALTER SYSTEM RESET track_io_timing",
            "reload",
        ),
    ],
)
def test_settings(
    tmp_path: Path,
    setting: dict[str, Any],
    change: tuple[str, str],
    sql: str,
    inverse: str,
    needs: str,
) -> None:
    name, value = change
    kind = f'{{ kind = "set-parameter", name = "{name}", value = "{value}" }}'
    rule_files.write(tmp_path, "a-rule", change=kind)
    [made] = only(tmp_path, {"indexes": [{}]}, settings=setting).changes
    assert isinstance(made, SetParameter)
    assert (made.sql, made.inverse, made.needs) == (sql, inverse, needs)


def test_a_drop_can_be_made_again_and_an_unreadable_one_cannot(tmp_path: Path) -> None:
    rule_files.write(tmp_path, "a-rule", change='{ kind = "drop-index" }')
    known = {
        "name": "A idx",
        "keys": ["lower(a)", "b"],
        "key_is_expression": [True, False],
        "opclasses": ["text_pattern_ops", "?"],
        "orders": ["", "DESC NULLS LAST"],
        "include": ["c"],
        "has_predicate": True,
        "predicate": "(open)",
        "options": ["fillfactor=70"],
    }
    [made] = only(tmp_path, {"indexes": [known]}).changes
    assert isinstance(made, DropIndex)
    assert made.sql == 'DROP INDEX CONCURRENTLY public."A idx"'
    assert made.inverse == (
        'CREATE INDEX CONCURRENTLY "A idx" ON public.orders USING btree '
        "(lower(a) text_pattern_ops, b DESC NULLS LAST) INCLUDE (c) WITH (fillfactor='70') "
        "WHERE (open)"
    )
    [made] = only(tmp_path, {"indexes": [{"has_predicate": True, "predicate": "?"}]}).changes
    assert made.inverse is None


@pytest.mark.parametrize(
    ("index", "kind", "sql"),
    [
        ({"is_valid": False}, Reindex, "REINDEX INDEX CONCURRENTLY public.orders_idx"),
        ({"is_live": False}, DropIndex, "DROP INDEX CONCURRENTLY public.orders_idx"),
        (
            {"name": "i_ccnew2", "is_valid": False},
            DropIndex,
            "DROP INDEX CONCURRENTLY public.i_ccnew2",
        ),
    ],
)
def test_repairs(tmp_path: Path, index: dict[str, Any], kind: type, sql: str) -> None:
    rule_files.write(tmp_path, "a-rule", change='{ kind = "repair-index" }')
    [made] = only(tmp_path, {"indexes": [index]}).changes
    assert isinstance(made, kind)
    assert made.sql == sql


def table_rule(folder: Path, change: str) -> None:
    rule_files.write(
        folder,
        "a-rule",
        subject='"table"',
        when='"dead_rows > 0"',
        evidence='["dead_rows"]',
        change=change,
        primary='"{{ name }}"',
        detail='"-"',
    )


def test_storage_parameters_remember_what_was(tmp_path: Path) -> None:
    table_rule(
        tmp_path,
        '{ kind = "set-storage", options = { fillfactor = "90", autovacuum_enabled = "on" }, '
        'then = "VACUUM" }',
    )
    has = {"dead_rows": 1, "options": ["fillfactor=70", "autovacuum_enabled=on"]}
    storage, vacuum = only(tmp_path, {"relations": [has]}).changes
    assert isinstance(storage, SetStorage)
    assert storage.sql == "ALTER TABLE public.orders SET (fillfactor = 90)"
    assert storage.inverse == "ALTER TABLE public.orders SET (fillfactor = 70)"
    assert vacuum == Maintain(database="shop", schema="public", table="orders", command="VACUUM")
    storage, _ = only(tmp_path, {"relations": [{"dead_rows": 1}]}).changes
    assert storage.inverse == "ALTER TABLE public.orders RESET (fillfactor, autovacuum_enabled)"


def test_storage_parameters_that_are_set_already_leave_the_maintenance(tmp_path: Path) -> None:
    change = '{{ kind = "set-storage", options = {{ fillfactor = "70" }}, then = "{then}" }}'
    has = {"relations": [{"dead_rows": 1, "options": ["fillfactor=70"]}]}
    table_rule(tmp_path, change.format(then="ANALYZE"))
    found = only(tmp_path, has)
    assert (found.title, [c.sql for c in found.changes]) == (
        "ANALYZE public.orders",
        ["ANALYZE public.orders"],
    )
    table_rule(tmp_path, change.format(then="{% if dead_rows > 5 %}VACUUM{% endif %}"))
    assert [r.reason for r in report(tmp_path, has).rejected] == ["already-so"]
    table_rule(tmp_path, change.format(then="TRUNCATE"))
    [broken] = report(tmp_path, has).rejected
    assert broken.reason == "rule-broken"
    assert '"TRUNCATE" is no maintenance command' in broken.detail


def test_a_script_from_templates(tmp_path: Path) -> None:
    table_rule(
        tmp_path,
        '{ kind = "script", title = "Cluster {{ name }}", up = "CLUSTER {{ name | ident }}", '
        'lock = "ACCESS EXCLUSIVE", transactional = false, duration = "long" }',
    )
    found = only(tmp_path, {"relations": [{"name": "Orders", "dead_rows": 1}]})
    assert found.title == "Cluster Orders"
    [made] = found.changes
    assert isinstance(made, Script)
    assert (made.sql, made.inverse, made.database) == ('CLUSTER "Orders"', None, "shop")
    table_rule(tmp_path, '{ kind = "script", title = "t", up = "SELECT 1" }')
    found_report = report(tmp_path, {"relations": [{"dead_rows": 1}]})
    assert len(found_report.findings) == 1
    [broken] = found_report.rejected
    assert broken.reason == "rule-broken"
    assert 'change "script" needs "lock"' in broken.detail


def key_rule(folder: Path) -> None:
    rule_files.write(
        folder,
        "a-rule",
        subject='"foreign_key"',
        when='''"supporting_index = '' AND NOT is_inherited"''',
        evidence='["columns"]',
        change='{ kind = "index-foreign-key" }',
        primary='"{{ columns }}"',
        detail='"-"',
    )


def test_an_index_whose_name_is_taken_or_long_gets_another(tmp_path: Path) -> None:
    key_rule(tmp_path)
    tables = {
        "relations": [{}, {"name": "orders_a_idx"}, {"name": "t" * 60}],
        "constraints": [
            {"columns": ["a"], "foreign_table": "c", "foreign_columns": ["id"]},
            {
                "table": "t" * 60,
                "columns": ["a"],
                "foreign_table": "c",
                "foreign_columns": ["id"],
            },
        ],
    }
    made = [c for r in report(tmp_path, tables).recommendations for c in r.changes]
    names = [c.name for c in made if isinstance(c, CreateIndex)]
    assert len(set(names)) == 2
    assert "orders_a_idx" not in names
    assert all(len(name.encode()) <= 63 for name in names)


def test_two_new_indexes_never_share_a_name(tmp_path: Path) -> None:
    key_rule(tmp_path)
    key = {"foreign_table": "c", "foreign_columns": ["id"]}
    tables = {
        "relations": [{}],
        "constraints": [
            {"name": "one", "columns": ["a", "b"], **key},
            {"name": "two", "columns": ["a_b"], **key},
        ],
    }
    made = [c for r in report(tmp_path, tables).recommendations for c in r.changes]
    names = {c.name for c in made if isinstance(c, CreateIndex)}
    assert len(names) == 2
    assert "orders_a_b_idx" in names


def test_a_partitioned_index_is_built_in_pieces_and_joined(tmp_path: Path) -> None:
    key_rule(tmp_path)
    part = {"is_partition": True, "parent_schema": "public"}
    partial = {"has_predicate": True, "predicate": "(open)"}
    tables = {
        "relations": [
            {"kind": "p"},
            {"name": "orders_1", "parent_name": "orders", **part},
            {"name": "orders_2", "kind": "p", "parent_name": "orders", **part},
            {"name": "orders_2a", "parent_name": "orders_2", **part},
        ],
        "constraints": [{"columns": ["a"], "foreign_table": "c", "foreign_columns": ["id"]}],
        "indexes": [
            {"name": "by_hand", "table": "orders_2a", "keys": ["a"]},
            {"name": "part_only", "table": "orders_1", "keys": ["a"], **partial},
        ],
    }
    steps = only(tmp_path, tables).changes
    assert [(step.transactional, step.database) for step in steps] == [
        (False, "shop"),
        (True, "shop"),
        (True, "shop"),
    ]
    piece, inner, outer = ((step.sql or "", step.inverse or "") for step in steps)
    assert piece == (
        "CREATE INDEX CONCURRENTLY orders_1_a_idx ON public.orders_1 USING btree (a)",
        "DROP INDEX CONCURRENTLY IF EXISTS public.orders_1_a_idx",
    )
    assert inner[0].startswith(
        "CREATE INDEX orders_2_a_idx ON ONLY public.orders_2 USING btree (a);\n"
        "ALTER INDEX public.orders_2_a_idx ATTACH PARTITION public.by_hand;\nDO "
    )
    assert outer[0].startswith(
        "CREATE INDEX orders_a_idx ON ONLY public.orders USING btree (a);\n"
        "ALTER INDEX public.orders_a_idx ATTACH PARTITION public.orders_1_a_idx;\n"
        "ALTER INDEX public.orders_a_idx ATTACH PARTITION public.orders_2_a_idx;\nDO "
    )
    again = "CREATE INDEX IF NOT EXISTS by_hand ON public.orders_2a USING btree (a)"
    assert inner[1] == f"DROP INDEX IF EXISTS public.orders_2_a_idx;\n{again}"
    assert outer[1] == f"DROP INDEX IF EXISTS public.orders_a_idx;\n{again}"
