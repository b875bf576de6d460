"""Every case of every rule."""

from __future__ import annotations

import pytest

from rules.casefile import Case, case_files
from rules.runner import check

_CASES = [
    pytest.param(rule, case, id=f"{rule}-{number}-{case.about}")
    for rule, found in case_files().items()
    for number, case in enumerate(found.case, 1)
]


@pytest.mark.parametrize(("rule", "case"), _CASES)
def test_case(rule: str, case: Case) -> None:
    check(case, rule)
