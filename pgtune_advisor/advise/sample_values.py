"""Which values of a column to plan with: common ones, the middle, the rare, ends of ranges.

Values of statistics are data of the target: they go into the planner's statements and nowhere else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

# How much of a column's rows a pair of bounds encloses, and how often each is asked for.
SLICES: Final = ((0.01, 0.6), (0.10, 0.4))
# Where a single bound stands, and how often: people ask for what is recent.
_RECENT: Final = ((0.95, 0.7), (0.5, 0.3))
_OLD: Final = ((0.05, 0.5), (0.5, 0.5))
_NUMBERS_FROM: Final = ((0.9, 0.5), (0.5, 0.5))
_PREFIX: Final = 3


class Choice(NamedTuple):
    """A value and the share of calls that it stands for."""

    value: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueStatistics:
    """What pg_stats knows of a column's values, as text. `rows` are those of the table.

    `n_distinct` is as pg_stats has it: negative for a share of the rows.
    """

    schema: str
    table: str
    column: str
    type: str
    null_fraction: float = 0.0
    n_distinct: float = 0.0
    rows: float = 0.0
    common: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    histogram: tuple[str, ...] = field(default=(), repr=False)
    elements: tuple[tuple[str, float], ...] = field(default=(), repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether no value is known."""
        return not (self.common or self.histogram or self.elements)


Lookup: TypeAlias = Callable[[str, str, str], ValueStatistics | None]


def pairs(values: str | None, frequencies: Sequence[float] | None) -> tuple[tuple[str, float], ...]:
    """An array literal of values with their frequencies, as in ValueStatistics."""
    listed = zip(array_elements(values or "{}"), frequencies or (), strict=False)
    return tuple((value, share) for value, share in listed if value is not None)


def array_elements(text: str) -> tuple[str | None, ...]:
    """The elements of an array literal as PostgreSQL prints it; nested ones as text.

    Nothing for what is no such literal. The delimiter is a comma: not so for box.
    """
    body = text[text.index("{") :] if "{" in text else ""
    if not body.endswith("}") or body == "{}":
        return ()
    found: list[str | None] = []
    part: list[str] = []
    quoted = inside = False
    level = 0
    characters = iter(body[1:-1])
    for character in characters:
        if character == "\\":
            part.append(next(characters, ""))
            continue
        if character == '"' and level == 0:
            inside, quoted = not inside, True
            continue
        if not inside:
            level += (character == "{") - (character == "}")
            if character == "," and level == 0:
                found.append(_element(part, quoted))
                part, quoted = [], False
                continue
        part.append(character)
    found.append(_element(part, quoted))
    return tuple(found)


def _element(part: list[str], quoted: bool) -> str | None:
    text = "".join(part)
    return None if text.upper() == "NULL" and not quoted else text


def equals(stats: ValueStatistics) -> tuple[Choice, ...]:
    """Values for `= $n`, the most frequent first.

    How often a value is asked for is not known: its share of the rows stands for that. The common
    values between the first two and the last count for the nearest of them.
    """
    return _representatives(stats.common, stats.histogram)


def contained(stats: ValueStatistics) -> tuple[Choice, ...]:
    """Elements of arrays and words of documents."""
    return _representatives(stats.elements, ())


def _representatives(
    common: tuple[tuple[str, float], ...], histogram: tuple[str, ...]
) -> tuple[Choice, ...]:
    listed = sorted(common, key=lambda pair: -pair[1])
    chosen = [Choice(*pair) for pair in listed[:2]]
    if len(listed) > 2:
        between = listed[2:]
        share = sum(share for _, share in between)
        rare = between[-1] if not histogram else between[len(between) // 2]
        chosen.append(Choice(rare[0], share))
    if histogram:
        rest = max(1.0 - sum(share for _, share in listed), 0.01)
        chosen.append(Choice(at(histogram, 0.5), rest))
    return normalised(chosen)


def normalised(chosen: Sequence[Choice]) -> tuple[Choice, ...]:
    """The same with weights that add up to 1."""
    total = sum(choice.weight for choice in chosen) or 1.0
    return tuple(Choice(choice.value, choice.weight / total) for choice in chosen)


def at(ordered: Sequence[str], share: float) -> str:
    """The value below which that share of the values lies."""
    return ordered[min(round(share * (len(ordered) - 1)), len(ordered) - 1)]


def bound(stats: ValueStatistics, operator: str, *, is_time: bool) -> tuple[Choice, ...]:
    """Values for `column operator $n` of a range with one end."""
    ordered = ordered_values(stats)
    if not ordered:
        return ()
    places = _NUMBERS_FROM if not is_time else _RECENT
    if operator in ("<", "<="):
        places = _OLD
    return tuple(Choice(at(ordered, share), weight) for share, weight in places)


def slices(stats: ValueStatistics, *, is_time: bool) -> tuple[tuple[Choice, Choice], ...]:
    """Lower and upper ends of narrow and wide ranges: the recent part of times, the middle else."""
    ordered = ordered_values(stats)
    if len(ordered) < 2:
        return ()
    last = len(ordered) - 1
    found = []
    for share, weight in SLICES:
        width = max(round(share * last), 1)
        low = round((0.95 - share if is_time else 0.5 - share / 2) * last)
        low = max(min(low, last - width), 0)
        found.append((Choice(ordered[low], weight), Choice(ordered[low + width], weight)))
    return tuple(found)


def ordered_values(stats: ValueStatistics) -> Sequence[str]:
    """The histogram's bounds; without, the common values in what is most likely their order."""
    if len(stats.histogram) > 1:
        return stats.histogram
    return sorted((value for value, _ in stats.common), key=_order)


def _order(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, value


def patterns(stats: ValueStatistics, *, part: bool, regex: bool) -> tuple[Choice, ...]:
    """Patterns that begin as values of the column do; `part`: what the statement wraps in `%`."""
    found = []
    for value, weight in equals(stats):
        head = value[:_PREFIX]
        if regex:
            word = "".join(c for c in head if c.isalnum())
            found.append(Choice(word if part else f"^{word}", weight))
        elif part:
            found.append(Choice(_escaped(head), weight))
        else:
            found.append(Choice(f"{_escaped(head)}%", weight))
    distinct = {choice.value: choice for choice in reversed(found)}
    return normalised([choice for choice in found if distinct.get(choice.value) is choice])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def spread(stats: ValueStatistics, count: int) -> tuple[str, ...]:
    """So many values for a list: of the common ones and of the histogram, in turn."""
    common = [value for value, _ in sorted(stats.common, key=lambda pair: -pair[1])]
    places = [(step + 0.5) / count for step in range(count)]
    even = [at(stats.histogram, place) for place in places] if stats.histogram else []
    mixed: dict[str, None] = {}
    for index in range(max(len(common), len(even))):
        for values in (even, common):
            if index < len(values):
                mixed.setdefault(values[index])
    return tuple(mixed)[:count]


def documents(stats: ValueStatistics) -> tuple[tuple[str, str], ...]:
    """Of JSON objects among the values: one member as an object, and its key."""
    found = []
    for value in dict.fromkeys(choice.value for choice in equals(stats)):
        try:
            document = json.loads(value)
        except ValueError:
            continue
        if isinstance(document, dict):
            scalars = {k: v for k, v in document.items() if isinstance(v, str | int | float)}
            for key, member in list(scalars.items())[:1]:
                found.append((json.dumps({key: member}, ensure_ascii=False), key))
    return tuple(found)


def members(stats: ValueStatistics, key: str) -> tuple[Choice, ...]:
    """What JSON objects among the values hold under a key, as ->> gives it, by how many do."""
    counted: Counter[str] = Counter()
    shares = dict(stats.common)
    for value in dict.fromkeys((*shares, *stats.histogram)):
        try:
            document = json.loads(value)
        except ValueError:
            continue
        member = document.get(key) if isinstance(document, dict) else None
        if isinstance(member, str | int | float):
            text = json.dumps(member) if not isinstance(member, str) else member
            counted[text] += 1
    total = counted.total() or 1
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return _representatives(tuple((value, count / total) for value, count in ranked), ())
