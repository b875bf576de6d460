"""What is said of statements that get no index: their text, and none of their values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pgtune_advisor.advise.indexes.database import DatabaseAdvice, _failures, _with_texts
from pgtune_advisor.advise.indexes.workload import Entry
from pgtune_advisor.domain.findings import Rejected, Subject
from pgtune_advisor.plans import PlanError


def failures(variant: str) -> str:
    """The detail of a statement whose plan failed, planned as `variant`."""
    error = PlanError("cannot-prepare", "a value does not fit", detail='invalid input: "secret"')
    site: Any = SimpleNamespace(database="shop")
    book: Any = SimpleNamespace(failed={"7": error})
    text = SimpleNamespace(text=variant)
    job: Any = SimpleNamespace(name="7", text="SELECT $1", variants=(text,))
    (one,) = _failures(site, book, [job])
    assert one.reason == "cannot-prepare"
    return one.detail


def test_the_servers_words_are_left_out_where_they_may_hold_a_value() -> None:
    assert failures("SELECT 'secret'") == "a value does not fit"
    assert "secret" in failures("SELECT $1")


def test_a_statement_is_shown_by_its_text() -> None:
    def refused(name: str, kind: str = "statement") -> Rejected:
        return Rejected(subject=Subject(kind=kind, label=name, name=name), reason="x", detail="why")

    advice = DatabaseAdvice(rejected=(refused("7"), refused("file"), refused("7", "table")))
    texts = [
        Entry(name="7", query_id=7, text="SELECT  a\n" + "b" * 200, calls=1),
        Entry(name="file", query_id=None, text="SELECT 2", calls=1),
    ]
    first, *others = (one.detail for one in _with_texts(advice, texts).rejected)
    assert first.startswith("why: SELECT a bbb")
    assert first.endswith("…")
    assert len(first) < 100
    assert others == ["why", "why"]
