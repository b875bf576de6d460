"""Fingerprints, normalised and canonical texts, comments: the same meaning, and never a literal."""

from __future__ import annotations

import threading

import pytest

from pgtune_advisor.sqltext import (
    Reason,
    Shape,
    Unparsed,
    canonical,
    comment_of,
    fingerprint,
    is_own,
    normalise,
    redact_literals,
    shape_of,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select * from t where a = 1", "SELECT  *\n FROM t -- why\n WHERE a='x'"),
        ("select * from t where a = $1", "select * from t where a = 5"),
        ("select 1 from t where a in ($1,$2,$3)", "select 1 from t where a in ($1 /*, ... */)"),
        ("/* route='a' */ select 1", "select 2 /* route='b' */"),
    ],
)
def test_the_same_statement_has_one_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other) is not None


@pytest.mark.parametrize(
    "text", ["select a from t where b not {} like $1", "select a from t order by b nulls {} last"]
)
def test_a_comment_between_two_words_of_one_operator(text: str) -> None:
    """libpg_query fails on these, the server does not."""
    assert canonical(text.format("/* why */")) == canonical(text.format("-- why\n"))
    assert fingerprint(text.format("/* why */")) == fingerprint(text.format(""))
    assert isinstance(shape_of(text.format("/* why */"), None), Shape)


def test_other_statements_have_others() -> None:
    texts = ("select a from t", "select b from t", "select a from t where a = 1", "delete from t")
    assert len({fingerprint(text) for text in texts}) == len(texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select  a,\n b from t where c='x' and d=3", "select a, b from t where c=$1 and d=$2"),
        ("insert into t values ($1,$2,'x')", "insert into t values ($1,$2,$3)"),
        ("select 'a'from t /* 'b' */ where c = $1 -- 'd'", "select $2 from t where c = $1"),
        ('select "a  b", $tag$x$tag$ from t', 'select "a  b", $1 from t'),
        ("select 1 from t order by 2", "select $1 from t order by 2"),
        ("alter role bob password 'x'", "alter role bob password $1"),
        ("execute p('x', 42)", "execute p($1, $2)"),
        ("comment on table t is 'x'", "comment on table t is $1"),
        ("do $$ begin perform 1; end $$", "do $1"),
        ("select * from json_table(x, '$.a' columns (a text path '$.b'))",) * 1
        + ("select * from json_table(x, $1 columns (a text path $2))",),
        ("select a from", "select a from"),
        ("select a where b = 'x", "select a where b = …"),
        ("not sql at 'x' all", "not sql at $1 all"),
        ("", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected
    assert redact_literals(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select A from T where B='x'", "SELECT a FROM t WHERE b = $1"),
        ("select 1 from t where a like '%'||$1", "SELECT $2 FROM t WHERE a LIKE $3 || $1"),
        ("select extract($1 from a) from t", "SELECT extract ($1 FROM a) FROM t"),
        ("select 1 from t where a > interval $1", "SELECT $2 FROM t WHERE a > $1::interval"),
        ("table t", "SELECT * FROM t"),
        ("vacuum  (analyze)\n t", "vacuum (analyze) t"),
        ("alter system set a to 'x'", "alter system set a to $1"),
    ],
)
def test_canonical(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" ; ", "empty"),
        ("<insufficient privilege>", "hidden"),
        ("select a from t where", "truncated"),
        ("select a from t where b = 'x", "truncated"),
        ("select a from t where (b = 1 and", "truncated"),
        ("select * form t", "syntax"),
        ("select  '/* -- */' form t /* x */", "syntax"),
        ("select ?", "truncated"),
        ("select \0", "syntax"),
        ("select '\ud800'", "syntax"),
        ("select " + "a," * 50_000 + "a", "too-long"),
        ("select '" + "é" * 50_000 + "'", "too-long"),
        ("select 1 where " + "(" * 9_000, "too-deep"),
        ("select " + "/*" * 2_000 + "*/" * 2_000, "too-deep"),
    ],
)
def test_what_cannot_be_read_has_a_reason(text: str, reason: Reason) -> None:
    assert canonical(text) == Unparsed(reason=reason)
    assert shape_of(text, None) == Unparsed(reason=reason)
    assert fingerprint(text) is None
    assert isinstance(normalise(text), str)


@pytest.mark.parametrize(
    "text",
    [
        "select " + "+".join(["a"] * 45_000),
        "select a" + " operator(+) a" * 6_000,
        "select a" + "::int" * 15_000,
        "select 1 from t" + " join t on true" * 6_000,
        " union ".join(["select 1"] * 6_000),
        "select " + "(select " * 1_600 + "1" + ")" * 1_600,
        "select " + "f(" * 4_600 + "1" + ")" * 4_600,
        "declare c cursor for select " + "+".join(["a"] * 40_000),
    ],
    ids=lambda text: text[:24],
)
def test_a_text_that_would_overflow_the_parsers_stack_is_refused(text: str) -> None:
    """Each of these ends the process when libpg_query deparses it."""
    found: list[object] = []

    def read() -> None:
        found.extend([shape_of(text, None), canonical(text), normalise(text), fingerprint(text)])

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert found[0] == Unparsed(reason="too-deep")
    assert found[3]


@pytest.mark.parametrize(
    "text",
    [
        "insert into t values " + ",".join(["($1,$2,$3::text)"] * 5_000),
        "select a from t where a in (" + ",".join(["$1"] * 20_000) + ")",
        "select a from t where a = any(array[" + ",".join(["1"] * 20_000) + "])",
        "select a from t where " + " and ".join(["a = 1"] * 1_000),
        "select '" + "+" * 3_000 + "'",
    ],
    ids=lambda text: text[:24],
)
def test_long_and_flat_is_read(text: str) -> None:
    assert not isinstance(shape_of(text, None), Unparsed)
    assert isinstance(canonical(text), str)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select 1", ()),
        ("/* a */ select 1 /* b */", ("a", "b")),
        ("select -- c\n 1 /* x /* y */ z */", ("c", "x /* y */ z")),
        ("select '/* no */'", ()),
        ("select a in ($1 /*, ... */) /* yes */", ("yes",)),
        ("select 1 /* a */ 'unfinished", ("a",)),
    ],
)
def test_comment_of(text: str, said: tuple[str, ...]) -> None:
    assert comment_of(text) == said


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("/* pgtune-advisor: settings */ SELECT 1", True),
        ("SELECT /* pgtune-advisor: settings */ 1", True),
        ("SELECT 1 /*pgtune-advisor*/", True),
        ("SELECT 1", False),
        ("SELECT '/* pgtune-advisor: x */'", False),
        ("SELECT 1 /* not pgtune-advisor */", False),
        ("SELECT 1 /* pgtune-advisory */", False),
    ],
)
def test_is_own(text: str, own: bool) -> None:
    assert is_own(text) is own
