"""Messages from Jinja templates in a sandbox, with numbers written for people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pgtune_advisor.domain import units
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.identifiers import quote_ident, quote_literal


def _or_unknown(write: Callable[[float], str]) -> Callable[[float | None], str]:
    return lambda value: "unknown" if value is None else write(value)


def _words(value: str, size: int = 120) -> str:
    """The text on one line, cut at `size` characters."""
    line = " ".join(value.split())
    return line if len(line) <= size else line[: size - 1] + "…"


def _setting_bytes(value: float) -> str:
    """A size that a setting takes, rounded down to whole megabytes above one."""
    size = int(value)
    step = units.MB if size >= units.MB else units.KB
    return units.format_setting_bytes(size // step * step)


def _counted(value: float | None, noun: str, several: str = "") -> str:
    """`1 session`, `3 sessions`, `2 entries`."""
    if value is None:
        return f"an unknown number of {several or noun + 's'}"
    word = noun if value == 1 else several or f"{noun}s"
    return f"{units.format_count(value)} {word}"


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "unknown" if value is None else value,
    )
    environment.filters |= {
        "bytes": _or_unknown(units.format_bytes),
        "ms": _or_unknown(units.format_ms),
        "count": _or_unknown(units.format_count),
        "percent": _or_unknown(units.format_percent),
        "counted": _counted,
        "setting_bytes": _setting_bytes,
        "ident": quote_ident,
        "literal": quote_literal,
        "words": _words,
    }
    environment.globals.clear()
    environment.globals |= {"min": min, "max": max, "round": round, "int": int}
    return environment


@cache
def _template(text: str) -> Template:
    return _environment().from_string(text)


Names = Mapping[str, Collection[str] | None]
"""The names that a template may use, each with the names inside it; None is a plain value."""


def check(text: str, where: str, names: Names | None = None) -> None:
    """RuleError where the text is not a template, or uses a name that is not among `names`."""
    try:
        _template(text)
        tree = _environment().parse(text)
    except TemplateError as error:
        raise RuleError(f"{where}: the template is not valid", detail=str(error)) from None
    if names is None:
        return
    for name in sorted(meta.find_undeclared_variables(tree) - set(_environment().globals)):
        _known(name, names, where)
    for node in tree.find_all(nodes.Getattr):
        inside = names.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        if inside is not None:
            _known(node.attr, inside, where)


def _known(name: str, names: Collection[str], where: str) -> None:
    if name in names:
        return
    near = get_close_matches(name, names, 1)
    raise RuleError(
        f'{where}: the template uses an unknown name "{name}"',
        hint=f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(sorted(names)) or '-'}",
    )


def render(text: str, names: Mapping[str, Any], where: str) -> str:
    """The text with the names filled in; RuleError where it uses what is not there."""
    try:
        return _template(text).render(names).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise RuleError(f"{where}: the template cannot be filled", detail=str(error)) from None
