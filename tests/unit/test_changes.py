"""Changes: their SQL, and that the inverse undoes it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.domain.changes import (
    CreateStatistics,
    DropIndex,
    Maintain,
    SetParameter,
    SetStorage,
)

NAMES = st.sampled_from(
    ["fillfactor", "autovacuum_enabled", "autovacuum_vacuum_scale_factor", "toast_tuple_target"]
)
VALUES = st.sampled_from(["0", "70", "off", "0.01"])


def parameter(value: str, previous: str | None, name: str = "work_mem") -> SetParameter:
    return SetParameter(name=name, value=value, current="4MB", previous=previous, needs="reload")


def test_a_parameter_that_was_not_set_is_reset() -> None:
    change = parameter("64MB", None)
    assert change.sql == "ALTER SYSTEM SET work_mem = '64MB'"
    assert change.inverse == "ALTER SYSTEM RESET work_mem"


def test_a_parameter_that_was_set_gets_its_value_back() -> None:
    assert parameter("64MB", "8MB").inverse == "ALTER SYSTEM SET work_mem = '8MB'"


def test_list_settings_are_quoted_one_by_one() -> None:
    change = parameter("auto_explain, pg_stat_statements", None, "shared_preload_libraries")
    assert change.sql.endswith("= 'auto_explain', 'pg_stat_statements'")


def test_an_element_that_is_quoted_already_is_not_quoted_twice() -> None:
    change = parameter('"$user", public', None, "search_path")
    assert change.sql.endswith("= '$user', 'public'")


def test_quotes_in_a_value_do_not_end_it() -> None:
    assert parameter("it's", None, "log_line_prefix").sql.endswith("= 'it''s'")


def test_an_unknown_definition_has_no_inverse() -> None:
    change = DropIndex(database="d", schema="s", table="t", name="i", definition=None)
    assert change.inverse is None
    assert change.sql == "DROP INDEX CONCURRENTLY s.i"


def test_statistics_are_named_in_the_schema_of_their_table_and_filled() -> None:
    change = CreateStatistics(
        database="d",
        schema="My",
        table="t",
        name="t_a_b_stats",
        expressions=("a", '"B"'),
        kinds=("dependencies", "mcv"),
    )
    assert change.sql == (
        'CREATE STATISTICS "My".t_a_b_stats (dependencies, mcv) ON a, "B" FROM "My".t;\n'
        'ANALYZE "My".t'
    )
    assert change.inverse == 'DROP STATISTICS "My".t_a_b_stats'


def test_vacuum_runs_alone_and_analyze_may_not() -> None:
    def change(command: str) -> Maintain:
        return Maintain(database="d", schema="s", table="t", command=command)  # type: ignore[arg-type]

    assert not change("VACUUM").transactional
    assert change("ANALYZE").transactional


@given(st.dictionaries(NAMES, VALUES, min_size=1), st.dictionaries(NAMES, VALUES))
def test_storage_and_its_inverse_restore_every_option(
    wanted: dict[str, str], before: dict[str, str]
) -> None:
    change = SetStorage(
        database="d",
        schema="s",
        table="t",
        options=tuple(wanted.items()),
        previous=tuple(before.items()),
    )
    after = _apply({**before}, change.sql)
    assert after == {**before, **wanted}
    assert change.inverse is not None
    assert _apply(after, change.inverse) == before


def _apply(options: dict[str, str], sql: str) -> dict[str, str]:
    """What ALTER TABLE … SET (…), RESET (…) does to storage options."""
    actions = sql.removeprefix("ALTER TABLE s.t ")
    for action in actions.replace("), RESET", ")\nRESET").split("\n"):
        verb, _, rest = action.partition(" (")
        for item in rest.removesuffix(")").split(", "):
            name, _, value = item.partition(" = ")
            if verb == "SET":
                options[name] = value
            else:
                options.pop(name, None)
    return options
