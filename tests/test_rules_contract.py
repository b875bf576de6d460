"""What every rule must have: words, cases that sit on its bars, one for each of its guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest
import sqlglot
from sqlglot import exp

from pgtune_advisor.advise.recommend import check as check_changes
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules import messages
from pgtune_advisor.rules.conditions import Condition
from pgtune_advisor.rules.factbase import values
from pgtune_advisor.rules.loader import Loaded
from rules import world
from rules.casefile import Case, case_files
from rules.runner import Bench, book, run, with_params

GROUPS: Final = (
    "configuration",
    "connections",
    "indexes",
    "replication",
    "statements",
    "tables",
)

# The names are a contract: reports, suppressions and dashboards use them.
PROMISED: Final = {
    "indexes": {
        "foreign-key-unindexed",
        "index-invalid",
        "index-redundant",
        "index-unused",
        "missing-index",
    },
    "tables": {
        "analyze-overdue",
        "autovacuum-disabled",
        "integer-key-exhaustion",
        "primary-key-missing",
        "row-estimate-off",
        "vacuum-overdue",
        "wraparound-near",
        "xmin-horizon-held",
    },
    "statements": {
        "deep-offset",
        "function-on-column",
        "implicit-cast",
        "leading-wildcard-like",
        "n-plus-one",
        "statement-slow",
        "temp-spill",
    },
    "configuration": {
        "autovacuum-starved",
        "checkpoints-forced",
        "effective-cache-size-mistuned",
        "maintenance-work-mem-low",
        "random-page-cost-default",
        "setting-pending-restart",
        "shared-buffers-mistuned",
        "slow-log-off",
        "statements-evicted",
        "statements-extension-missing",
        "track-io-timing-off",
        "work-mem-low",
        "work-mem-risky",
    },
    "connections": {
        "connection-churn",
        "connection-leak",
        "connections-saturated",
        "idle-in-transaction",
        "lock-contention",
    },
    "replication": {
        "cache-hit-low",
        "replication-lag",
        "slot-retaining-wal",
    },
}

NUDGE: Final = 0.05
_RULES: Final = sorted(path.stem for path in rules_dir().rglob("*.toml"))


def rule(name: str) -> Loaded:
    return book().get(name)


def cases(name: str) -> tuple[Case, ...]:
    found = case_files().get(name)
    return found.case if found else ()


@pytest.fixture(scope="module")
def benches() -> Iterator[dict[str, Bench]]:
    made = {name: Bench(found.case) for name, found in case_files().items() if found.case}
    yield made
    for bench in made.values():
        bench.close()


@pytest.fixture
def bench(request: pytest.FixtureRequest, benches: dict[str, Bench]) -> Bench:
    """The cases of the test's rule."""
    name = request.getfixturevalue("name")
    assert name in benches, "no cases"
    return benches[name]


def shipped(loaded: Loaded) -> Callable[[Case], Loaded]:
    """The rule in each of its cases, with the parameters that the case sets."""
    return lambda case: with_params(loaded, case)


@pytest.mark.parametrize("group", GROUPS)
def test_every_promised_rule_is_there(group: str) -> None:
    there = {loaded.id for loaded in book().rules if loaded.rule.category == group}
    assert there >= PROMISED[group]


def test_the_groups_are_the_folders() -> None:
    assert {loaded.rule.category for loaded in book().rules} == set(GROUPS)


def test_every_change_is_one_that_is_built() -> None:
    check_changes(book())


def test_fewer_than_one_rule_in_five_needs_a_detector() -> None:
    detectors = [loaded.id for loaded in book().rules if loaded.rule.spec.detector]
    assert len(detectors) * 5 < len(book().rules)


@pytest.mark.parametrize("name", _RULES)
def test_a_case_file_with_every_kind_of_case(name: str) -> None:
    found = cases(name)
    assert {case.expect for case in found} == {"fires", "silent", "unknown"}
    assert case_files()[name].lives, "no live case"


@pytest.mark.parametrize("name", _RULES)
def test_both_sides_of_the_threshold(name: str) -> None:
    sides = {(c.expect, c.severity) for c in cases(name) if c.about.startswith("threshold")}
    assert "fires" in {expect for expect, _ in sides}
    assert "silent" in {expect for expect, _ in sides}


@pytest.mark.parametrize("name", _RULES)
def test_the_cases_sit_on_every_parameter(name: str, bench: Bench) -> None:
    """A parameter that may move by 5 % either way without any case noticing has no case."""
    loaded = rule(name)
    outcomes = bench.outcomes(shipped(loaded))
    idle = [
        param
        for param in sorted(_deciding(loaded))
        if all(
            bench.outcomes(_nudged(loaded, param, by)) == outcomes for by in (1 + NUDGE, 1 - NUDGE)
        )
    ]
    assert idle == []


def _deciding(loaded: Loaded) -> set[str]:
    if loaded.rule.spec.detector:
        return set(loaded.params)
    conditions = (loaded.when, loaded.critical)
    return {name for one in conditions if one is not None for name in one.params}


def _nudged(loaded: Loaded, param: str, by: float) -> Callable[[Case], Loaded]:
    """The rule with one parameter moved, in the cases that set it as well."""

    def moved(case: Case) -> Loaded:
        placed = with_params(loaded, case)
        value = placed.params[param]
        return replace(placed, params={**placed.params, param: value * by if value else by - 1})

    return moved


@pytest.mark.parametrize("name", _RULES)
def test_every_term_of_the_condition_has_a_case(name: str, bench: Bench) -> None:
    """A guard that can be taken away without any case noticing has no case."""
    loaded = rule(name)
    outcomes = bench.outcomes(shipped(loaded))
    idle = [
        term
        for term, condition in _without_each_term(loaded)
        if bench.outcomes(shipped(replace(loaded, when=condition))) == outcomes
    ]
    assert idle == []


def _without_each_term(loaded: Loaded) -> Iterator[tuple[str, Condition]]:
    """The condition less one of its ANDed terms, or less one branch of an ORed term."""
    if loaded.when is None:
        return
    tree = sqlglot.parse_one(loaded.when.sql, dialect="sqlite")
    terms = _parts(tree, exp.And)
    for number, term in enumerate(terms):
        before, after = terms[:number], terms[number + 1 :]
        yield _sql(term), replace(loaded.when, sql=_joined("AND", [*before, *after], "TRUE"))
        branches = _parts(term.unnest(), exp.Or)
        for other, branch in enumerate(branches):
            rest = branches[:other] + branches[other + 1 :]
            if rest:
                less = sqlglot.parse_one(_joined("OR", rest, "FALSE"), dialect="sqlite")
                sql = _joined("AND", [*before, less, *after], "TRUE")
                yield f"OR {_sql(branch)}", replace(loaded.when, sql=sql)


def _parts(tree: exp.Expr, joined_by: type[exp.Connector]) -> list[exp.Expr]:
    return list(tree.flatten()) if isinstance(tree, joined_by) else [tree]


def _joined(word: str, parts: Sequence[exp.Expr], empty: str) -> str:
    return f" {word} ".join(f"({_sql(part)})" for part in parts) or empty


def _sql(tree: exp.Expr) -> str:
    return tree.sql(dialect="sqlite")


@pytest.mark.parametrize("name", _RULES)
def test_critical_is_decided_by_cases(name: str, bench: Bench) -> None:
    loaded = rule(name)
    if loaded.critical is None:
        return
    outcomes = bench.outcomes(shipped(loaded))
    for sql in ("TRUE", "FALSE"):
        always = replace(loaded, critical=replace(loaded.critical, sql=sql))
        assert bench.outcomes(shipped(always)) != outcomes, f"critical_when = {sql}"


@pytest.mark.parametrize("unknown", [False, True], ids=["zeros", "nulls"])
@pytest.mark.parametrize("name", _RULES)
def test_the_message_can_be_filled_from_any_row(name: str, unknown: bool) -> None:
    loaded = rule(name)
    for names in _names(loaded, unknown):
        for part in ("primary", "detail", "hint"):
            messages.render(getattr(loaded.rule.spec.message, part), names, name)


def _names(loaded: Loaded, unknown: bool) -> Iterator[dict[str, Any]]:
    subject = loaded.rule.spec.subject
    row = values(world.default_row(subject, unknown=unknown))
    server = values(world.default_row("server", unknown=unknown))
    setting = (lambda _: None) if unknown else (lambda _: 1.0)
    common = {"server": server, "params": loaded.params, "setting": setting}
    if not loaded.rule.spec.detector:
        yield {**row, **common}
        return
    # A detector adds names of its own: only its findings have them.
    for case in cases(loaded.id):
        assert all(f.message.primary for f in run(case, [loaded]).findings)


@pytest.mark.parametrize("name", _RULES)
def test_the_words_of_every_finding(name: str) -> None:
    """The fact on one line and without a full stop; sentences after it; a hint that helps."""
    found = 0
    for case in cases(name):
        for finding in run(case, [rule(name)]).findings:
            message = finding.message
            found += 1
            assert message.primary
            assert "\n" not in message.primary
            assert len(message.primary) <= 200
            assert not message.primary.endswith(".")
            assert not message.primary[0].isupper() or message.primary.split()[0].isupper()
            assert message.detail, "no facts behind it"
            assert message.hint, "nothing to try"
            assert message.detail.rstrip().endswith((".", ":", "`")) or "\n" in message.detail
            for text in (message.primary, message.detail, message.hint):
                assert "None" not in text.replace("None of", "")
                assert "{{" not in text
                assert "could not be written" not in text
                assert "  " not in text.replace("\n  ", "")
    assert found


@pytest.mark.parametrize("name", _RULES)
def test_the_reference_page_is_written(name: str) -> None:
    docs = rule(name).rule.spec.docs
    assert min(len(docs.why), len(docs.fix), len(docs.caveats)) >= 40
    assert docs.references
    assert all(link.startswith("https://") for link in docs.references)


@pytest.mark.parametrize("name", _RULES)
def test_every_parameter_is_used(name: str) -> None:
    """In the condition, or in the words."""
    spec = rule(name).rule.spec
    words = repr(spec.message) + repr(spec.change)
    idle = [p for p in spec.params if p not in _deciding(rule(name)) and f"params.{p}" not in words]
    assert idle == []


@pytest.mark.parametrize("name", _RULES)
def test_the_rule_carries_its_proof(name: str) -> None:
    """What decided is shown: every fact of the condition but names and guards by name."""
    spec = rule(name).rule.spec
    assert len(set(spec.evidence)) == len(spec.evidence)
    when = rule(name).when
    if when is not None:
        assert set(spec.evidence) & {*when.facts, *(f"server.{f}" for f in when.server_facts)}
