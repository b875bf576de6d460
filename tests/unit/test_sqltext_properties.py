"""Properties over many texts: never an error, never a literal, the same for the same meaning."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pgtune_advisor.sqltext import (
    Shape,
    Unparsed,
    canonical,
    comment_of,
    compare_expressions,
    fingerprint,
    is_own,
    normalise,
    shape_of,
)

# %s stands for a string, %d for a number.
TEMPLATES = (
    "select a, lower(b) from t where c = %s and d > %d order by e limit %d offset %d",
    "select * from t join u using (id) where t.a like '%%' || %s and u.b in (%d, %d, %s)",
    "select 1 from t where date_trunc(%s, at) = %s::timestamp and data ->> %s = %s",
    "select count(*) filter (where a = %s) from t group by b having max(c) > %d",
    "with w as (select a from t where b between %d and %d) select * from w where a <> %s",
    "insert into t (a, b) values (%s, %d), (%s, %d) on conflict (a) do update set b = %d",
    "update t set a = %s, b = b + %d from u where t.id = u.id and u.c is distinct from %s",
    "delete from t where a = any(array[%d, %d]) and coalesce(b, %s) = %s and c ~ %s",
    "select case when a = %s then %d else %d end as x from t order by x, coalesce(b, %d) offset %d",
    "merge into t using u on t.a = u.a and u.b = %s when matched and t.c = %d then delete",
    "alter role bob password %s",
    "comment on table t is %s",
    "declare c cursor for select * from t where a = %s offset %d",
    "create table x as select * from t where substring(a from %d for %d) = %s",
    "copy (select * from t where a not like %s) to stdout",
    "explain select * from t where a = %s and b = %d",
    "set x.y = %s",
    "execute p(%s, %d)",
    "do %s",
    "select json_table.a from json_table(x, '$.k' columns (a text path '$.b')) where b = %s",
    "select a::varchar(10), b'101', interval %s, u&%s from t where a[%d] = %d",
)
MARK = "zqxj"
NUMBER = 918273645

WORDS = r"""
    select insert update delete from where join on using group by order limit offset union with
    values set into and or not in any all like ilike is null between case when then end as cast
    lower date extract year interval array row exists lateral recursive t u v a b c id $1 $2 $3
    ( ) [ ] , ; . :: = <> < > + - * / % || -> ->> @> ? ~ ! 'x' '%x' E'\'' $$ $$ " /* */ -- 1 2.5
    vacuum analyze create index table execute copy declare cursor for begin merge when
"""
soup = st.lists(st.sampled_from(WORDS.split()), max_size=30).map(" ".join)
texts = st.one_of(
    st.text(max_size=200), soup, st.binary(max_size=60).map(lambda b: b.decode("latin1"))
)
spaces = st.sampled_from([" ", "\n", "\t ", " /* c */ ", " -- c\n"])


def fill(template: str, strings: list[str], numbers: list[int]) -> str:
    out = template
    for text in strings:
        out = out.replace("%s", "'" + text.replace("'", "''") + "'", 1)
    for number in numbers:
        out = out.replace("%d", str(number), 1)
    return out.replace("%%", "%")


def filled(template: str, seed: int) -> str:
    source = random.Random(seed)
    strings = [f"{MARK}{source.randrange(10**9)}" for _ in range(6)]
    return fill(template, strings, [source.randrange(1, 10**9) for _ in range(6)])


def respaced(text: str, separators: list[str]) -> str:
    """The text with other gaps; its strings hold no blanks."""
    parts = text.split(" ")
    gaps = [separators[index % len(separators)] for index in range(len(parts) - 1)]
    return "".join(part + gap for part, gap in zip(parts, [*gaps, ""], strict=True))


def structure(shape: Shape | Unparsed) -> Any:
    return asdict(shape) if isinstance(shape, Shape) else shape


@given(texts)
@settings(max_examples=400, deadline=None)
def test_no_text_raises(text: str) -> None:
    assert isinstance(shape_of(text, None), Shape | Unparsed)
    assert isinstance(canonical(text), str | Unparsed)
    assert isinstance(normalise(text), str)
    assert fingerprint(text) is None or len(fingerprint(text) or "") == 16
    assert isinstance(comment_of(text), tuple)
    assert isinstance(is_own(text), bool)
    assert compare_expressions(text, "lower(a)") in ("same", "possible", "different")


@given(st.sampled_from(TEMPLATES), st.integers(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_text_cut_anywhere_does_not_raise(template: str, seed: int, data: st.DataObject) -> None:
    text = filled(template, seed)
    cut = text[: data.draw(st.integers(0, len(text)))]
    assert isinstance(shape_of(cut, None), Shape | Unparsed)
    assert MARK not in normalise(cut)


@given(st.sampled_from(TEMPLATES), st.integers(), st.integers(), st.lists(spaces, min_size=1))
@settings(max_examples=300, deadline=None)
def test_spacing_comments_and_literals_make_no_difference(
    template: str, first: int, second: int, gaps: list[str]
) -> None:
    one, other = filled(template, first), respaced(filled(template, second), gaps)
    assert fingerprint(one) == fingerprint(other)
    assert canonical(one) == canonical(other)
    assert normalise(one) == normalise(other)
    assert structure(shape_of(one, None)) == structure(shape_of(other, None))


@given(st.sampled_from(TEMPLATES), st.sampled_from([MARK, f"%{MARK}", f"{MARK}'x", f"a\\{MARK}"]))
@settings(max_examples=200, deadline=None)
def test_no_literal_leaves(template: str, literal: str) -> None:
    text = fill(template, [literal] * 6, [NUMBER] * 6)
    for out in (normalise(text), canonical(text), shape_of(text, None)):
        assert MARK not in repr(out)
        assert str(NUMBER) not in repr(out)


@given(st.sampled_from(TEMPLATES), st.integers())
@settings(max_examples=100, deadline=None)
def test_what_is_normalised_stays(template: str, seed: int) -> None:
    text = normalise(filled(template, seed))
    assert normalise(text) == text
    again = canonical(text)
    assert again == canonical(filled(template, seed)) or isinstance(again, Unparsed)
