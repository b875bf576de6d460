"""The loader of collection queries: headers, floors, marks, and the user's fact tables."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pgtune_advisor.domain.custom import CustomFact, FactColumn
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.server import Checkpointer
from pgtune_advisor.pg.custom_facts import fact_builder, fact_value
from pgtune_advisor.pg.queries import QueryBook, parse_version
from pgtune_advisor.sqltext import is_own

HEADER = """\
-- about: waiting jobs
-- returns: facts queue
-- cadence: slow
-- scope: database
-- needs: nothing
-- version-of: server
-- timeout: 2s
-- label: name
-- column: waiting integer unit=jobs jobs that wait
-- column: oldest real unit=seconds age of the oldest
"""
STATEMENT = "SELECT name, waiting, oldest FROM app.queue WHERE name LIKE 'a%'\nORDER BY name;\n"


def write(folder: Path, text: str, name: str = "queue.sql") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def mistake(folder: Path, text: str, name: str = "queue.sql") -> tuple[str, str]:
    path = write(folder, text, name)
    with pytest.raises(RuleError) as caught:
        QueryBook.load([folder])
    assert str(path) in caught.value.primary
    path.unlink()
    return caught.value.detail, caught.value.hint


def test_reads_a_fact_table(tmp_path: Path) -> None:
    write(tmp_path, HEADER + STATEMENT, "deep/er/queue.sql")
    book = QueryBook.load([tmp_path])

    assert book.custom() == ("queue",)
    assert book.custom_tables() == {
        "queue": (
            FactColumn(
                name="waiting",
                type="integer",
                unit="jobs",
                meaning="jobs that wait",
                source="queue",
            ),
            FactColumn(
                name="oldest",
                type="real",
                unit="seconds",
                meaning="age of the oldest",
                source="queue",
            ),
        )
    }
    query = book.variants("queue")[0]
    assert query.timeout_ms == 2000
    assert query.table is None
    assert is_own(query.text)
    assert query.text.startswith("SELECT /* pgtune-advisor: queue */ name")
    assert query.text.endswith("LIKE 'a%%'\nORDER BY name")
    assert book.about("queue") == "waiting jobs"


def test_the_label_may_be_a_fact(tmp_path: Path) -> None:
    text = HEADER.replace(
        "-- column: waiting", "-- column: name text the queue\n-- column: waiting"
    )
    write(tmp_path, text + STATEMENT)
    custom = QueryBook.load([tmp_path]).variants("queue")[0].custom
    assert custom is not None
    assert custom.result == ("name", "waiting", "oldest")


def test_a_missing_directory_is_empty(tmp_path: Path) -> None:
    assert QueryBook.load([tmp_path / "none"]).names() == QueryBook.load().names()


def test_the_highest_floor_that_fits_wins() -> None:
    book = QueryBook.load()
    floors = {version: book.find("checkpointer", (version,)) for version in (14, 16, 17, 19, 23)}
    assert {version: query.floor for version, query in floors.items() if query} == {
        14: (0,),
        16: (0,),
        17: (17,),
        19: (17,),
        23: (17,),
    }
    assert book.find("io", (15,)) is None
    assert book.find("statements", (1, 8)) is None
    assert [book.find("statements", (1, n)) for n in (9, 10, 12, 13)] == [
        book.variants("statements")[index] for index in (2, 1, 0, 0)
    ]
    checkpointer = book.variants("checkpointer")[0]
    assert checkpointer.row_type is Checkpointer
    assert checkpointer.table == "checkpointer"


def test_compares_versions_as_numbers() -> None:
    assert parse_version("1.9") < parse_version("1.10") < parse_version("1.11beta") < (2,)
    assert parse_version("") == ()


def test_a_later_file_replaces_a_query(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    write(one, HEADER + STATEMENT)
    write(two, HEADER + STATEMENT.replace("app.", "other."))
    book = QueryBook.load([one, two])
    assert "other.queue" in book.variants("queue")[0].text
    assert book.notes == (f"queue of {two} replaces the one before",)


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("-- about: waiting jobs\n", "", 'Line 1: the header lacks "-- about:".'),
        ("-- about: waiting jobs", "-- about:", 'Line 1: the header lacks "-- about:".'),
        ("-- about: ", "-- abut: ", 'Line 1: unknown key "abut".'),
        ("-- scope: database", "-- scope: table", "Line 4: scope is cluster or database"),
        ("-- scope: database", "-- scope database", "Line 4: "),
        ("-- needs: nothing", "-- about: again", 'Line 5: "about" appears twice.'),
        ("-- timeout: 2s", "-- timeout: soon", "Line 7: timeout: not a duration"),
        ("-- timeout: 2s", "-- timeout: 2h", "Line 7: timeout is above 0 and at most 60s."),
        ("version-of: server", "version-of: hypopg", "Line 6: version-of is server or extension"),
        ("returns: facts queue", "returns: Jobs", "Line 2: 'Jobs' is not a row type."),
        ("returns: facts queue", "returns: facts Jobs", 'Line 2: "returns: facts" wants a table'),
        ("returns: facts queue", "returns: Wal", 'Line 8: "label" belongs to a query that'),
        ("-- label: name\n", "", 'Line 1: the header lacks "-- label:".'),
        ("waiting integer", "waiting int", "Line 9: 'int' is not a type."),
        ("waiting integer", "Waiting integer", "Line 9: 'Waiting' is not a column name"),
        ("oldest real unit=seconds age of the oldest", "oldest real", "Line 10: "),
        ("-- column: oldest", "-- column: waiting", 'Line 9: the column "waiting" is there twice.'),
        ("SELECT name", "DELETE name", "Line 11: the statement does not begin with SELECT or"),
        ("ORDER BY name;", "; DELETE FROM app.queue", "Line 12: there is more than one statement."),
    ],
)
def test_a_mistake_names_file_and_line(tmp_path: Path, old: str, new: str, detail: str) -> None:
    text = HEADER + STATEMENT
    assert old in text
    assert mistake(tmp_path, text.replace(old, new, 1))[0].startswith(detail)


def test_other_mistakes(tmp_path: Path) -> None:
    assert mistake(tmp_path, HEADER)[0] == "Line 10: there is no statement."
    assert "file's name" in mistake(tmp_path, HEADER + STATEMENT, "My Queue.sql")[0]
    assert mistake(tmp_path, HEADER.replace("-- about", "-- abot") + STATEMENT)[1] == (
        'Did you mean "about"?'
    )
    write(tmp_path, HEADER + STATEMENT, "queue.sql")
    assert "defines facts queue otherwise" in mistake(tmp_path, HEADER + STATEMENT, "zweite.sql")[0]


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "queue.sql").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleError, match="cannot be read"):
        QueryBook.load([tmp_path])


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ';' AS name, 1 AS waiting, 2.0 AS oldest",
        'SELECT "a;b" AS name FROM app.x -- a comment; with a semicolon',
        "SELECT $x$ ; $x$ AS name /* ; */ ;\n-- the end; really\n",
        "with x as (select 1) select E'\\';' from x;",
    ],
)
def test_a_semicolon_inside_a_statement_is_no_end(tmp_path: Path, statement: str) -> None:
    write(tmp_path, HEADER + statement)
    assert QueryBook.load([tmp_path]).custom() == ("queue",)


def column(kind: str) -> FactColumn:
    return FactColumn(name="x", type=kind, meaning="")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("text", None, None),
        ("text", 3, "3"),
        ("integer", 3, 3),
        ("integer", Decimal(4), 4),
        ("integer", None, None),
        ("real", Decimal("1.5"), 1.5),
        ("real", 2, 2.0),
        ("real", None, None),
        ("boolean", True, True),
        ("boolean", None, None),
    ],
)
def test_values_become_the_type_of_the_fact(kind: str, raw: object, value: object) -> None:
    found = fact_value(column(kind), raw)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("integer", True),
        ("integer", "3"),
        ("integer", Decimal("1.5")),
        ("real", "x"),
        ("real", True),
    ],
)
def test_a_value_of_another_type_is_refused(kind: str, raw: object) -> None:
    with pytest.raises(ValueError, match=f"x is not {kind}"):
        fact_value(column(kind), raw)


def test_builds_facts_in_any_order_of_columns(tmp_path: Path) -> None:
    write(tmp_path, HEADER + STATEMENT)
    query = QueryBook.load([tmp_path]).variants("queue")[0]
    assert query.custom is not None
    build = fact_builder(query.path, query.custom, ["oldest", "name", "waiting"], "shop")
    assert build([1.5, "mail", 3]) == CustomFact(
        database="shop", table="queue", label="mail", values=(("waiting", 3), ("oldest", 1.5))
    )
    with pytest.raises(RuleError, match="value of another type"):
        build(["late", "mail", 3])
