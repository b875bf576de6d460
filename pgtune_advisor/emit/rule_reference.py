"""The rules as a reference: a table of all, a page for each, Markdown for the documentation."""

from __future__ import annotations

import textwrap
from collections import defaultdict

from pgtune_advisor.emit.tables import plain_table
from pgtune_advisor.rules.loader import Loaded, RuleBook
from pgtune_advisor.rules.spec import Param


def rule_table(book: RuleBook, *, width: int) -> str:
    """All rules by category, then those that are disabled."""
    rows = [
        [
            loaded.rule.category,
            loaded.id,
            spec.severity,
            spec.applicability,
            _first_sentence(spec.docs.why),
        ]
        for loaded in book.rules
        for spec in (loaded.rule.spec,)
    ]
    headers = ["category", "rule", "severity", "applicability", "why"]
    text = plain_table(headers, rows, width=width)
    text += f"\n{len(book.rules)} rules\n"
    if book.disabled:
        text += f"disabled: {', '.join(book.disabled)}\n"
    return text


def _first_sentence(text: str) -> str:
    """The text up to the first full stop that ends a sentence."""
    return " ".join(text.split()).partition(". ")[0].rstrip(".")


def _param(name: str, param: Param, value: float | None) -> str:
    unit = f" {param.unit}" if param.unit and param.unit != "bytes" else ""
    default = f"{param.default}{unit}"
    now = ""
    if value is not None and value != param.number(param.default):
        now = f", here {value:g}{unit}"
    return f"{name} = {default}{now}: {param.meaning}"


def rule_page(loaded: Loaded) -> str:
    """One rule for the terminal."""
    spec = loaded.rule.spec
    lines = [
        f"{spec.id} ({loaded.rule.category}; {spec.severity}; {spec.applicability}; {spec.phase})",
        "",
        *_paragraph("Why", spec.docs.why),
        *_paragraph("Fires when", spec.when or f"the detector {spec.detector} says so"),
    ]
    if spec.critical_when:
        lines += _paragraph("Critical when", spec.critical_when)
    if spec.params:
        lines += ["Parameters"]
        lines += [f"  {_param(n, p, loaded.params.get(n))}" for n, p in spec.params.items()]
        lines += [""]
    lines += _paragraph("What to do", spec.docs.fix)
    lines += _paragraph("Where it may be wrong", spec.docs.caveats)
    if spec.docs.references:
        lines += ["References", *(f"  {reference}" for reference in spec.docs.references), ""]
    lines += [f"Evidence: {', '.join(spec.evidence)}", f"File: {loaded.rule.path}"]
    return "\n".join(lines) + "\n"


def _paragraph(title: str, text: str) -> list[str]:
    body = textwrap.fill(" ".join(text.split()), 96, initial_indent="  ", subsequent_indent="  ")
    return [title, body, ""]


def markdown_reference(book: RuleBook) -> str:
    """The page docs/rules.md, generated from the rule files."""
    groups: dict[str, list[Loaded]] = defaultdict(list)
    for loaded in book.rules:
        groups[loaded.rule.category].append(loaded)
    parts = [
        "# Rules",
        "",
        "Generated from the files under `rules/`; `pgtune-advisor rules show ID` prints one.",
    ]
    for category, group in groups.items():
        parts += ["", f"## {category.capitalize()}"]
        for loaded in group:
            parts += ["", *_section(loaded)]
    return "\n".join(parts) + "\n"


def _section(loaded: Loaded) -> list[str]:
    spec = loaded.rule.spec
    condition = spec.when.strip() or f"-- detector: {spec.detector}"
    lines = [
        f"### {spec.id}",
        "",
        f"{spec.severity} · {spec.applicability} · {spec.phase}",
        "",
        spec.docs.why.strip(),
        "",
        "Fires when:",
        "",
        "```sql",
        condition,
        "```",
    ]
    if spec.critical_when:
        lines += ["", f"Critical when `{' '.join(spec.critical_when.split())}`."]
    if spec.params:
        lines += ["", *(f"- `{_param(name, p, None)}`" for name, p in spec.params.items())]
    lines += ["", f"**What to do.** {spec.docs.fix.strip()}"]
    lines += ["", f"**Where it may be wrong.** {spec.docs.caveats.strip()}"]
    if spec.docs.references:
        lines += ["", "See " + ", ".join(f"<{reference}>" for reference in spec.docs.references)]
    return lines
