"""Which statement gets which timeouts, and what stands alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from golden.rich_changes import RECOMMENDATIONS
from pgtune_advisor.domain.changes import DropIndex, Duration, Script
from pgtune_advisor.emit.migration_sql import Migration, down, up

CHANGES: Final = {
    (one.id, position): change
    for one in RECOMMENDATIONS
    for position, change in enumerate(one.changes, start=1)
}
NO_TIMEOUT: Final = ["SET lock_timeout = 0;", "SET statement_timeout = 0;"]


def of(identity: str, position: int = 1) -> Migration:
    change = CHANGES[identity, position]
    assert isinstance(change, Migration)
    return change


def script(lock: str, duration: Duration, *, transactional: bool, text: str = "SELECT 1") -> Script:
    return Script(
        database=None, up=text, down=None, lock=lock, transactional=transactional, duration=duration
    )


def lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if "timeout" in line and line.startswith("SET")]


@pytest.mark.parametrize(
    ("identity", "position"),
    [
        ("fk-3fa2c1", 1),
        ("drop-9d", 1),
        ("reindex-1", 1),
        ("freeze-1a2b", 1),
        ("freeze-1a2b", 3),
        ("script-2", 1),
    ],
)
def test_what_may_not_be_cut_short_has_no_timeout_and_no_transaction(
    identity: str, position: int
) -> None:
    text = up(of(identity, position))
    assert lines(text) == NO_TIMEOUT
    assert "transaction_timeout" in text
    assert "BEGIN;" not in text


@pytest.mark.parametrize(
    ("change", "lock_timeout", "statement_timeout"),
    [
        (of("storage-5"), "2s", "1min"),
        (of("freeze-1a2b", 2), "0", "0"),
        (script("ACCESS EXCLUSIVE on t", "short", transactional=True), "2s", "1min"),
        (script("ACCESS EXCLUSIVE on t", "long", transactional=True), "2s", "0"),
        (script("SHARE ROW EXCLUSIVE", "short", transactional=True), "2s", "1min"),
        (script("whatever it takes", "short", transactional=True), "2s", "1min"),
        (script("ROW EXCLUSIVE on t", "long", transactional=True), "0", "0"),
        (script("none", "instant", transactional=True), "0", "1min"),
        (
            script("SHARE UPDATE EXCLUSIVE, then ACCESS EXCLUSIVE", "short", transactional=True),
            "2s",
            "1min",
        ),
    ],
)
def test_what_runs_in_a_transaction_has_timeouts_of_its_own(
    change: Migration, lock_timeout: str, statement_timeout: str
) -> None:
    text = up(change)
    assert lines(text) == [
        f"SET LOCAL lock_timeout = '{lock_timeout}';",
        f"SET LOCAL statement_timeout = '{statement_timeout}';",
    ]
    assert text.startswith("BEGIN;\n")
    assert text.endswith("\nCOMMIT;")


def test_a_script_outside_transactions_waits_shortly_for_strong_locks() -> None:
    strong = script("ACCESS EXCLUSIVE on t", "short", transactional=False)
    assert lines(up(strong)) == ["SET lock_timeout = '2s';", "SET statement_timeout = '1min';"]
    build = script(
        "ACCESS EXCLUSIVE on t", "long", transactional=False, text="REINDEX TABLE CONCURRENTLY t"
    )
    assert lines(up(build)) == NO_TIMEOUT


def test_an_index_that_comes_back_without_concurrently_blocks_only_shortly() -> None:
    assert lines(down(of("drop-9d", 1))) == NO_TIMEOUT
    assert lines(down(of("drop-9d", 2))) == [
        "SET lock_timeout = '2s';",
        "SET statement_timeout = '0';",
    ]


@pytest.mark.parametrize("identity", ["fk-3fa2c1", "drop-9d"])
def test_no_if_exists_hides_a_leftover(identity: str) -> None:
    for text in (up(of(identity)), down(of(identity))):
        assert "IF NOT EXISTS" not in text
        assert "IF EXISTS" not in text


def test_order_within_a_build() -> None:
    text = up(of("fk-3fa2c1"))
    parts = ["is taken", "CREATE INDEX CONCURRENTLY", "not there or not valid", "ANALYZE"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_quotes_of_a_block_do_not_occur_in_it() -> None:
    change = of("drop-9d")
    assert isinstance(change, DropIndex)
    text = up(replace(change, name="$advisor$ $advisor1$ $advisor2$"))
    assert text.count("DO $advisor3$\n") == 2
    assert text.count("\n$advisor3$;") == 2
