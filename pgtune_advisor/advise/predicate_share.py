"""The share of a table's rows that a partial index keeps, from its predicate's text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.advise.table_facts import ColumnWidth

# The planner's own defaults (selfuncs.h) for what statistics cannot say.
RANGE_SHARE: Final = 1 / 3
LIKE_SHARE: Final = 0.05
UNKNOWN_SHARE: Final = 0.5
# selfuncs.h divides by a default of 200 values.
UNKNOWN_DISTINCT: Final = 200.0
MAX_NESTED: Final = 100

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<string>[eE]?'(?:[^']|'')*')
    | (?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)
    | (?P<cast>::)
    | (?P<op>!~~\*?|~~\*?|[<>=!~@\#&|?*/%^+\-]+)
    | (?P<mark>[()\[\],.;:])
    )""",
    re.VERBOSE,
)
_TYPE_WORDS: Final = frozenset({"varying", "precision", "with", "without", "time", "zone"})
_LIKE: Final = frozenset({"~~", "~~*", "~", "~*", "like", "ilike", "similar"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operand:
    """A side of a comparison: a plain column, constants (None: not read), or something else."""

    column: str | None = None
    values: tuple[str | None, ...] | None = None


class _UnreadError(Exception):
    """The predicate is more than this reader knows."""


class _TooNestedError(Exception):
    """Reading parentheses both ways would take too long."""


def predicate_share(
    predicate: str,
    columns: Mapping[str, ColumnWidth],
    common: Mapping[str, Mapping[str, float]],
) -> float:
    """Share of the rows that a predicate keeps, in 0 … 1; what cannot be read keeps a half.

    `common` are, by column, the commonest values and their shares of all rows. Without them
    `column = constant` is taken to name none of the commonest: an index on those is no use.
    """
    if not predicate.strip():
        return 1.0
    try:
        reader = _Reader(tokens=_tokens(predicate), columns=columns, common=common)
        share = reader.either()
        if reader.peek() is not None:
            return UNKNOWN_SHARE
    except (_UnreadError, _TooNestedError):
        return UNKNOWN_SHARE
    return min(max(share, 0.0), 1.0)


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _UnreadError
        tokens.append(_Token(kind=match.lastgroup, text=match[match.lastgroup]))
        position = match.end()
    return tokens


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Recursive descent over AND, OR, NOT and comparisons of a column with constants."""

    tokens: list[_Token]
    columns: Mapping[str, ColumnWidth]
    common: Mapping[str, Mapping[str, float]]
    at: int = field(default=0)
    nested: int = field(default=0)

    def peek(self) -> _Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _nest(self) -> None:
        self.nested += 1
        if self.nested > MAX_NESTED:
            raise _TooNestedError

    def word(self, *words: str) -> bool:
        """Whether these words come next; they are then behind us."""
        ahead = self.tokens[self.at : self.at + len(words)]
        if len(ahead) == len(words) and all(
            token.kind != "string" and token.text.lower() == word
            for token, word in zip(ahead, words, strict=True)
        ):
            self.at += len(words)
            return True
        return False

    def either(self) -> float:
        share = self.both()
        while self.word("or"):
            other = self.both()
            share = share + other - share * other
        return share

    def both(self) -> float:
        share = self.one()
        while self.word("and"):
            share *= self.one()
        return share

    def one(self) -> float:
        if self.word("not"):
            self._nest()
            return max(1 - self.one() - self._nulls_of_next(), 0.0)
        began = self.at
        if self.word("("):
            self._nest()
            try:
                share = self.either()
                if self.word(")") and self._ends_here():
                    return share
            except _UnreadError:
                pass
            # It was the left side of a comparison in parentheses.
            self.at = began
        return self.comparison()

    def _nulls_of_next(self) -> float:
        """Rows for which a negated boolean column is NULL, and so not kept."""
        name = self.tokens[self.at - 1].text
        column = self.columns.get(name.strip('"'))
        return column.null_fraction if column and column.base_type == "boolean" else 0.0

    def _ends_here(self) -> bool:
        token = self.peek()
        return token is None or token.text.lower() in ("and", "or", ")")

    def comparison(self) -> float:
        left = self.operand()
        if self.word("is", "null"):
            return self._nulls(left)
        if self.word("is", "not", "null"):
            return 1 - self._nulls(left)
        for words, value, outright in (
            (("is", "true"), "t", True),
            (("is", "false"), "f", True),
            (("is", "not", "true"), "t", False),
            (("is", "not", "false"), "f", False),
        ):
            if self.word(*words):
                share = self._equals(left, (value,))
                return share if outright else 1 - share
        if self._ends_here():
            return self._equals(left, ("t",)) if left.column else self._constant(left)
        negated = self.word("not")
        share = self._compared(left)
        return max(1 - share - self._nulls(left), 0.0) if negated else share

    def _compared(self, left: _Operand) -> float:
        token = self.peek()
        if token is None:
            raise _UnreadError
        self.at += 1
        operator = token.text.lower()
        if operator == "in":
            return self._equals(left, self._list())
        if operator == "between":
            self.operand()
            if not self.word("and"):
                raise _UnreadError
            self.operand()
            return RANGE_SHARE**2 * 2 * (1 - self._nulls(left))
        any_of = self.word("any") or self.word("all")
        right = self.operand()
        if left.column is None and right.column is not None:
            left, right = right, left
        if operator == "=":
            return self._equals(left, right.values or (None,))
        if operator in ("<>", "!="):
            return self._differs(left, right.values or (None,))
        if operator in _LIKE:
            return LIKE_SHARE
        if operator in ("<", ">", "<=", ">=") and not any_of:
            return RANGE_SHARE * (1 - self._nulls(left))
        raise _UnreadError

    def _list(self) -> tuple[str | None, ...]:
        if not self.word("("):
            raise _UnreadError
        values: list[str | None] = []
        while not self.word(")"):
            values += self.operand().values or (None,)
            self.word(",")
        return tuple(values)

    def operand(self) -> _Operand:
        """A column, a constant, an array of constants, or a call, with its casts."""
        token = self.peek()
        if token is None:
            raise _UnreadError
        self.at += 1
        found = self._operand_of(token)
        while (ahead := self.peek()) is not None and ahead.kind == "cast":
            self.at += 1
            array = self._type()
            if array and found.values and len(found.values) == 1 and found.values[0]:
                found = _Operand(values=_array_values(found.values[0]))
        return found

    def _operand_of(self, token: _Token) -> _Operand:
        lowered = token.text.lower()
        if token.text == "(" or token.kind == "op":
            self._nest()
        if token.text == "(":
            inner = self.operand()
            if not self.word(")"):
                raise _UnreadError
            return inner
        if token.kind == "string":
            return _Operand(values=(token.text[token.text.index("'") + 1 : -1].replace("''", "'"),))
        if token.kind == "number":
            return _Operand(values=(token.text,))
        if token.kind == "op" and token.text in ("-", "+"):
            sign = "-" if token.text == "-" else ""
            values = self.operand().values or (None,)
            return _Operand(values=tuple(value and sign + value for value in values))
        if token.kind == "quoted":
            return self._name(token.text[1:-1].replace('""', '"'))
        if token.kind != "word":
            raise _UnreadError
        if lowered in ("true", "false"):
            return _Operand(values=(lowered[0],))
        if lowered == "array" and self.word("["):
            elements: list[str | None] = []
            while not self.word("]"):
                elements += self.operand().values or (None,)
                self.word(",")
            return _Operand(values=tuple(elements))
        return self._name(lowered)

    def _name(self, name: str) -> _Operand:
        while self.word("."):
            token = self.peek()
            if token is None:
                raise _UnreadError
            self.at += 1
            name = token.text.strip('"') if token.kind == "quoted" else token.text.lower()
        if self.word("("):
            depth = 1
            while depth:
                token = self.peek()
                if token is None:
                    raise _UnreadError
                self.at += 1
                depth += {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "mark" else 0
            return _Operand()
        if name not in self.columns:
            raise _UnreadError
        return _Operand(column=name)

    def _type(self) -> bool:
        """Whether the type that was skipped is an array's."""
        token = self.peek()
        if token is None:
            raise _UnreadError
        self.at += 1
        while (ahead := self.peek()) is not None and ahead.text.lower() in _TYPE_WORDS:
            self.at += 1
        if self.word("("):
            while not self.word(")"):
                if self.peek() is None:
                    raise _UnreadError
                self.at += 1
        array = False
        while self.word("[", "]"):
            array = True
        return array

    def _nulls(self, operand: _Operand) -> float:
        if operand.column is None:
            return 0.0
        return self.columns[operand.column].null_fraction

    def _constant(self, operand: _Operand) -> float:
        if operand.values in (("t",), ("f",)):
            return float(operand.values == ("t",))
        raise _UnreadError

    def _equals(self, operand: _Operand, values: tuple[str | None, ...]) -> float:
        if operand.column is None:
            return min(len(values) / UNKNOWN_DISTINCT, 1.0)
        column = self.columns[operand.column]
        known = self.common.get(operand.column, {})
        share = sum(_share_of(column, known, value) for value in set(values))
        unread = values.count(None)
        if unread > 1:
            share += (unread - 1) * _share_of(column, known, None)
        return min(share, 1 - column.null_fraction)

    def _differs(self, operand: _Operand, values: tuple[str | None, ...]) -> float:
        """Without known values it is the commonest that is left out: else why leave it out."""
        share = self._equals(operand, values)
        if operand.column and not self.common.get(operand.column):
            share = max(share, *self.columns[operand.column].common[:1], 0.0)
        return max(1 - self._nulls(operand) - share, 0.0)


def _share_of(column: ColumnWidth, known: Mapping[str, float], value: str | None) -> float:
    """Share of the rows with one value: known, or an even part of those that are not common."""
    if value is not None:
        spelt = {"true": "t", "false": "f"}.get(value.lower(), value)
        for form in (value, spelt):
            if form in known:
                return known[form]
    if column.base_type == "boolean" and not known:
        return (1 - column.null_fraction) / 2
    distinct = column.distinct or UNKNOWN_DISTINCT
    common = list(known.values()) or list(column.common[:1])
    if distinct <= len(common):
        # All values are known and this is none of them; it may have come since.
        return min(common, default=1.0) / 10 if known else (1 - column.null_fraction) / distinct
    rest = max(1 - column.null_fraction - sum(common), 0.0)
    return rest / (distinct - len(common))


def _array_values(text: str) -> tuple[str | None, ...]:
    """The elements of an array constant such as `{a,b}`."""
    if not (text.startswith("{") and text.endswith("}")):
        return (text,)
    return tuple(part.strip().strip('"') for part in text[1:-1].split(",")) or (None,)
