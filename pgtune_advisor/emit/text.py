"""Text for people: what cannot be seen made visible, values with units, lines that fit."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from pgtune_advisor.domain.findings import Evidence, Value
from pgtune_advisor.domain.units import format_bytes, format_count, format_ms, format_percent

# Names and statements come from the database, and may hold a terminal's commands, line breaks
# that would end a comment, or characters that reorder what a reviewer sees.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# What no space may split: quoted names and constants with the characters that touch them.
_SQL_WORD: Final = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")
_UNSPLITTABLE: Final = re.compile(r"--|/\*|\$|\n|\\")


def visible(text: str) -> str:
    """The text with control and direction characters as `\\x1b`; its line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\t", "    ")
    return _INVISIBLE.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def one_line(text: str) -> str:
    """The text on one line, so that it can stand in a comment."""
    return visible(" ".join(re.split(r"[ \t\n\r\f\v]+", text))).strip()


def in_comment(text: str) -> str:
    """The text on one line with its spaces as they are: code that stands in a comment."""
    return visible(text.replace("\t", "\\t")).replace("\n", "\\n")


def plural(count: int, noun: str) -> str:
    """`1 gap`, `2 gaps`, `1,234 gaps`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def amount(value: Value, unit: str = "") -> str:
    """A fact's value for people: `1.5 GB`, `12.5 %`, `45 days`, `yes`, `unknown`."""
    match value:
        case None:
            return "unknown"
        case bool():
            return "yes" if value else "no"
        case str():
            return one_line(value) or "none"
        case float() if not math.isfinite(value):
            return "unknown"
    match unit:
        case "bytes":
            return format_bytes(value)
        case "id":
            return f"{value:.0f}" if isinstance(value, float) else str(value)
        case "bytes/s":
            return f"{format_bytes(value)}/s"
        case "ms":
            return format_ms(value)
        case "s":
            return format_ms(value * 1000)
        case "ratio":
            return format_percent(value)
        case "":
            return format_count(value)
        case _ if unit.startswith("1/"):
            return f"{format_count(value)}{one_line(unit[1:])}"
        case _:
            return f"{format_count(value)} {one_line(unit)}"


def moment(at: datetime) -> str:
    """`2026-03-01 10:10:00 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def short_evidence(evidence: Iterable[Evidence], limit: int) -> list[str]:
    """The first facts without their origin: `scans 0`, `size 1.5 GB`, `and 3 more`."""
    found = list(evidence)
    parts = [f"{one_line(e.fact)} {amount(e.value, e.unit)}" for e in found[:limit]]
    if len(found) > limit:
        parts.append(f"and {len(found) - limit} more")
    return parts


def full_evidence(evidence: Evidence) -> str:
    """A fact with its origin: `scans = 0 (observed, pg_stat_user_indexes, 2026-03-01 …)`."""
    origin = ", ".join(
        part for part in (evidence.kind, one_line(evidence.source), moment(evidence.at)) if part
    )
    return f"{one_line(evidence.fact)} = {amount(evidence.value, evidence.unit)} ({origin})"


def wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """Lines of at most `width`; the first begins with `first`, the others with `rest`."""
    rest = " " * len(first) if rest is None else rest
    lines = textwrap.wrap(
        one_line(text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines or [first.rstrip()]


def flow(parts: Iterable[str], width: int, indent: str) -> list[str]:
    """`a · b · c` on lines of at most `width`, broken between parts where that is possible."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] += f" · {part}"
        else:
            lines += wrap(part, width, indent)
    return lines


def cut(text: str, width: int) -> str:
    """The text on one line of at most `width`, with dots where it was cut."""
    line = one_line(text)
    return line if len(line) <= width else line[: max(width - 3, 0)].rstrip() + "..."


def terminated(sql: str) -> str:
    """The statement with its semicolon, on its own line where a comment would swallow it."""
    text = sql.rstrip()
    if "--" in text.rpartition("\n")[2]:
        return f"{text}\n;"
    return text if text.endswith(";") else f"{text};"


def wrap_sql(sql: str, width: int, indent: str) -> list[str]:
    """The statement on indented lines that can be copied: no break inside names or constants."""
    text = visible(terminated(sql))
    if _UNSPLITTABLE.search(text):
        return [f"{indent}{line}" if line else "" for line in text.split("\n")]
    lines: list[str] = []
    current = ""
    for word in _SQL_WORD.findall(text):
        if current and len(indent) + len(current) + 1 + len(word) > width:
            lines.append(indent + current)
            current = f"  {word}"
        else:
            current = f"{current} {word}" if current else word
    return [*lines, indent + current]
