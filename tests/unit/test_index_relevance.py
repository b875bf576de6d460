"""Which indexes can matter to a statement."""

from __future__ import annotations

import pytest

from pgtune_advisor.advise.indexes.access import Access
from pgtune_advisor.advise.indexes.relevance import Relevance
from pgtune_advisor.domain.index_def import IndexDef
from unit.index_worlds import access, index, term

EQUAL = access(term("a"), needed=("b",))
FLAG = access(term("a"), term("d", "flag", "is true", predicate="d"))


@pytest.mark.parametrize(
    ("reads", "given", "matters"),
    [
        (EQUAL, index("a", "c"), True),
        (EQUAL, index("c", "a"), False),
        (EQUAL, index("c", include=("a", "b")), True),
        (EQUAL, index("a", method="gin"), True),
        (EQUAL, index("c", include=("a", "b"), method="gist"), False),
        (EQUAL, index("c", predicate="a IS NOT NULL"), True),
        (EQUAL, index("c", predicate="b IS NOT NULL"), False),
        (FLAG, index("c", predicate="d"), True),
        (FLAG, index("c", predicate="d", method="gin"), False),
        (FLAG, index("a", predicate="d", method="gin"), True),
        (FLAG, index("a", predicate="(d) AND (a IS NOT NULL)"), True),
        (FLAG, index("a", predicate="(d) AND (b IS NOT NULL)"), False),
        (access(term("a", "null", "is null")), index("c", predicate="a IS NOT NULL"), False),
    ],
)
def test_what_an_access_can_use(reads: Access, given: IndexDef, matters: bool) -> None:
    assert Relevance({"q": [reads]}).matters("q", given) == matters
