"""A case run through the engine and the advice, and compared with what it expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pgtune_advisor.advise.evaluate import ADVISED, evaluate
from pgtune_advisor.advise.recommend import recommend
from pgtune_advisor.domain.findings import Finding, Rejected, Unknown
from pgtune_advisor.domain.recommendations import Recommendation
from pgtune_advisor.resources import rules_dir
from pgtune_advisor.rules import engine
from pgtune_advisor.rules.factbase import Catalogue, FactBase
from pgtune_advisor.rules.loader import Loaded, RuleBook, check_rule, load_rules
from rules import world
from rules.casefile import Case
from rules.defaults import NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the rules said of a case."""

    findings: tuple[Finding, ...]
    unknown: tuple[Unknown, ...]
    recommendations: tuple[Recommendation, ...]
    rejected: tuple[Rejected, ...]


@cache
def book() -> RuleBook:
    """The shipped rules."""
    return load_rules([rules_dir()], Catalogue())


@dataclass(slots=True)
class Bench:
    """A rule's cases, their facts built once, to try changes of the rule on."""

    cases: Sequence[Case]
    _facts: list[FactBase] = field(default_factory=list)

    def outcomes(self, changed: Callable[[Case], Loaded]) -> tuple[object, ...]:
        """For each case what the engine alone says: findings with severity, unknowns."""
        subject = changed(self.cases[0]).rule.spec.subject
        if not self._facts:
            self._facts = [_facts(case, subject) for case in self.cases]
        return tuple(
            _outcome(engine.run(replace(book(), rules=(changed(case),)), facts))
            for case, facts in zip(self.cases, self._facts, strict=True)
        )

    def close(self) -> None:
        for facts in self._facts:
            facts.close()


def _facts(case: Case, subject: str) -> FactBase:
    if case.snapshot is None:
        return world.facts(case, subject)
    asks = subject in ADVISED
    return FactBase(world.advised(case) if asks else world.context(case), Catalogue())


def _outcome(outcome: engine.Outcome) -> tuple[object, ...]:
    found = sorted((m.finding.key, m.finding.severity) for m in outcome.matches)
    lacking = sorted((u.subject.label, u.missing) for u in outcome.unknown)
    return (*found, *lacking)


def run(case: Case, rules: Iterable[Loaded]) -> Result:
    """Run some rules over the world of a case, with the case's parameters."""
    chosen = tuple(with_params(loaded, case) for loaded in rules)
    some = replace(book(), rules=chosen)
    if case.snapshot is not None:
        context = world.context(case)
        asks = any(one.rule.spec.subject in ADVISED for one in chosen)
        report = evaluate(
            context.snapshot,
            context.window,
            some,
            now=NOW,
            advisor_version="0",
            what_if=world.UNPLANNED if asks else None,
        )
        return Result(
            findings=report.findings,
            unknown=report.unknown,
            recommendations=report.recommendations,
            rejected=report.rejected,
        )
    facts = world.facts(case, chosen[0].rule.spec.subject)
    try:
        outcome = engine.run(some, facts)
    finally:
        facts.close()
    recommendations, rejected = recommend(outcome.matches, facts.context.snapshot)
    return Result(
        findings=tuple(match.finding for match in outcome.matches),
        unknown=outcome.unknown,
        recommendations=tuple(recommendations),
        rejected=tuple(rejected),
    )


def with_params(loaded: Loaded, case: Case) -> Loaded:
    """The rule with the parameters that the case sets."""
    given = {name: value for name, value in case.params.items() if name in loaded.params}
    if not given:
        return loaded
    values = check_rule(loaded.rule, book().catalogue, given).params
    return replace(loaded, params={**loaded.params, **{name: values[name] for name in given}})


def check(case: Case, rule: str) -> None:
    """Assert that the shipped rule says what the case expects."""
    stray = set(case.params) - set(book().get(rule).params)
    assert not stray, f"the rule has no parameter {stray}"
    result = run(case, [book().get(name) for name in (rule, *case.also)])
    findings = [f for f in result.findings if f.rule == rule]
    unknown = [u for u in result.unknown if u.rule == rule]
    match case.expect:
        case "fires":
            assert findings, f"silent; unknown: {unknown}"
        case "silent":
            assert not findings, _told(findings)
            assert not unknown, unknown
        case "unknown":
            assert not findings, _told(findings)
            assert unknown, "silent"
    if case.keys is not None:
        assert sorted(f.key for f in findings) == sorted(case.keys)
    missing = {name for item in unknown for name in item.missing}
    assert missing >= set(case.missing)
    if case.severity is not None:
        assert {f.severity for f in findings} == {case.severity}
    _check_words(case, findings)
    _check_advice(case, rule, result)


def _told(findings: list[Finding]) -> str:
    return "\n".join(" | ".join((f.key, f.message.primary, f.message.detail)) for f in findings)


def _check_words(case: Case, findings: list[Finding]) -> None:
    told = "\n".join(
        "\n".join((f.message.primary, f.message.detail, f.message.hint)) for f in findings
    )
    for words in case.message:
        assert words in told
    for words in case.lacks:
        assert words not in told


def _check_advice(case: Case, rule: str, result: Result) -> None:
    mine = [r for r in result.recommendations if rule in r.rules]
    if case.title is not None:
        assert any(case.title in r.title for r in mine), [r.title for r in mine]
    if case.sql is not None:
        said = [change.sql for r in mine for change in r.changes if change.sql is not None]
        assert said == list(case.sql)
    assert {r.reason for r in result.rejected} >= set(case.rejected)
