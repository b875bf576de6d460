"""The terminal's report: what comes first, what is cut, what is never printed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from golden.rich_report import FINDINGS, empty_report, rich_report
from pgtune_advisor.domain.changes import Advice
from pgtune_advisor.domain.findings import Rejected, Subject, Unknown
from pgtune_advisor.domain.recommendations import Report, ReportWindow, StatementImpact
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.emit.formats import render

TABLES = 10_000


def table(report: Report, width: int = 80, *, color: bool = False) -> str:
    return render(report, "table", width=width, color=color)


@pytest.mark.parametrize("width", [0, 40, 80, 120, 400])
def test_prose_fits_the_width(width: int) -> None:
    long = [line for line in table(rich_report(), width).splitlines() if len(line) > max(width, 40)]
    # Statements and keys are not broken inside a name, so that they can be copied.
    words = [line for line in long if not re.search(r"[\"$;]|--|leading-wildcard|evil", line)]
    assert words == []


def test_it_is_plain_unless_colour_is_asked_for() -> None:
    assert "\x1b" not in table(rich_report())
    painted = table(rich_report(), color=True)
    assert "\x1b[1;31mCRITICAL (1)\x1b[0m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == table(rich_report())


def test_names_cannot_command_the_terminal() -> None:
    painted = table(rich_report(), color=True)
    assert set(re.findall(r"\x1b\[[0-9;]*m", painted)) <= {
        f"\x1b[{code}m" for code in ("0", "1", "2", "1;31", "1;33", "1;36")
    }
    assert "\u202e" not in painted
    assert "\\x1b[31mcolours" in painted


def test_the_gravest_comes_first_and_the_next_step_last() -> None:
    lines = table(rich_report()).splitlines()
    headings = [line.split(" (")[0] for line in lines if re.match(r"[A-Z]{2}", line)]
    assert headings == [
        "CRITICAL",
        "WARNING",
        "INFO",
        "RECOMMENDATIONS",
        "CONSIDERED AND REJECTED",
        "UNDECIDED",
        "GAPS",
    ]
    assert "Next: --output-dir DIR writes the 21 changes" in " ".join(lines[-3:])


def test_ten_thousand_tables_are_a_page_and_not_a_wall() -> None:
    report = rich_report()
    subjects = [Subject(kind="table", label=f"public.t{n}") for n in range(TABLES)]
    many = replace(
        report,
        findings=tuple(
            replace(FINDINGS[1], key=f"index-unused:{one.label}", subject=one) for one in subjects
        ),
        recommendations=tuple(
            replace(report.recommendations[1], id=f"fk-{n}") for n in range(TABLES)
        ),
        unknown=tuple(Unknown(rule="bloat", subject=one, missing=("width",)) for one in subjects),
        rejected=tuple(Rejected(subject=one, reason="small", detail="no") for one in subjects),
        gaps=tuple(Gap(source=f"columns:db{n}", reason="denied") for n in range(500)),
    )
    text = table(many)
    assert len(text.splitlines()) < 450
    for line in (
        "WARNING (10,000)",
        "and 9,995 more of index-unused (--format json shows all)",
        "RECOMMENDATIONS (10,000)",
        "and 9,980 more (--format json shows all)",
        "small (10,000)",
        "10,000 subjects",
        "and 488 more gaps",
    ):
        assert line in text


def test_lifetime_totals_are_called_so() -> None:
    assert "counters: lifetime totals since 2026-01-15 09:00:00 UTC" in table(rich_report())
    assert "lifetime totals since an unknown moment" in table(empty_report())


def test_a_window_of_our_own_is_not_called_lifetime() -> None:
    since = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    report = replace(
        empty_report(), window=ReportWindow(since=since, until=since.replace(minute=10))
    )
    text = table(report)
    assert "2026-03-01 10:00:00 UTC to 2026-03-01 10:10:00 UTC (10 min)" in text
    assert "lifetime" not in text


def test_next_steps() -> None:
    empty = empty_report()
    rich = rich_report()
    gap = (Gap(source="columns", reason="denied"),)
    [advice] = [r for r in rich.recommendations if isinstance(r.changes[0], Advice)]
    for report, expected in [
        (empty, "Nothing to do."),
        (replace(empty, gaps=gap), "close the gaps and look again"),
        (replace(empty, findings=FINDINGS), "Next: follow the hints"),
        (replace(empty, findings=FINDINGS, recommendations=(advice,)), "follow the advice above"),
    ]:
        assert expected in " ".join(table(report).split())


def test_one_of_a_kind_is_named() -> None:
    unknown = (Unknown(rule="lag", subject=Subject(kind="server", label="server"), missing=()),)
    text = table(replace(empty_report(), unknown=unknown))
    assert re.search(r"lag +server +not named", text)


def test_a_statement_that_becomes_dearer_is_never_cut() -> None:
    report = rich_report()
    one = report.recommendations[1]
    cheaper = [StatementImpact(query_id=1, text="a", calls=1, cost_before=9.0, cost_after=1.0)] * 50
    dearer = [
        StatementImpact(query_id=n, text="b", calls=1, cost_before=10.0, cost_after=11.0)
        for n in range(7)
    ]
    impact = replace(one.impact, statements=(*cheaper, *dearer))
    text = table(replace(report, recommendations=(replace(one, impact=impact),)))
    assert text.count("dearer: query") == 7
    assert "and 47 statements more" in text
    assert "makes 7 dearer" in text


def test_the_planner_is_named_where_one_was_asked() -> None:
    assert "planner: hypopg (fidelity 1.00), 1,636 plans in 812 ms" in table(rich_report())
    assert "planner:" not in table(empty_report())
