"""How a statement reaches each of its tables, read from its generic plan.

The server has resolved the names, expanded the views, pushed predicates down and told every type,
so its plan says more of a statement than its text: each condition stands at a node, whether or not
an index serves it yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from pgtune_advisor.advise.indexes.tables import Place, Table, Tables
from pgtune_advisor.domain.identifiers import quote_ident
from pgtune_advisor.plans import Node, Plan
from pgtune_advisor.sqltext import Atom, atoms, cast_keeps_index, returned
from pgtune_advisor.sqltext.plan_texts import may_be_key, mentions, sort_key

Use = Literal["equal", "any", "null", "flag", "range", "prefix", "pattern", "contains", "search"]

_USES: Final[dict[str, Use]] = {
    "=": "equal",
    "= ANY": "any",
    "is null": "null",
    "is true": "flag",
    "is false": "flag",
    "<": "range",
    "<=": "range",
    ">": "range",
    ">=": "range",
    "~~": "prefix",
    "^@": "prefix",
    "~~*": "pattern",
    "~": "pattern",
    "~*": "pattern",
    "%": "pattern",
    "@>": "contains",
    "<@": "contains",
    "&&": "contains",
    "?": "contains",
    "?|": "contains",
    "?&": "contains",
    "@?": "contains",
    "@@": "search",
}
# NOT of these is another comparison that an index may serve.
_NEGATABLE: Final = frozenset({"is null", "is true", "is false"})
_EXTREME = re.compile(r"^\(?(?:min|max)\((.+)\)\)?$", re.DOTALL)
_PASSES_ON: Final = frozenset(
    {"Limit", "LockRows", "Append", "Merge Append", "Gather", "Gather Merge", "Result", "Unique"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A condition on one table: what is looked up, how, and against what.

    `expression` is the unqualified key, `column` its name where it is a plain column. `predicate`
    is the whole condition as SQL where it compares with a constant of the statement's text.
    `group` numbers the OR that it stands under, 0 for none. `inside`: a LIKE pattern that may
    begin with a wildcard.
    """

    expression: str
    column: str
    use: Use
    operator: str
    joins: bool = False
    predicate: str = ""
    group: int = 0
    inside: bool = False

    @property
    def strict(self) -> bool:
        """Whether no row passes whose column is NULL."""
        return self.operator != "is null"


@dataclass(slots=True, kw_only=True)
class Access:
    """One occurrence of a table. `needed` are the columns that the statement reads of it, `shown`
    those of them that more than conditions with constants read.

    `orders` are the orders that the plan sorts its rows by, as (expression, column, direction).
    """

    place: Place
    alias: str
    terms: list[Term] = field(default_factory=list)
    orders: list[tuple[tuple[str, str, str], ...]] = field(default_factory=list)
    needed: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)

    def identity(self) -> tuple[object, ...]:
        read = (frozenset(self.needed), frozenset(self.shown))
        return (self.place, tuple(self.terms), tuple(self.orders), *read)


def accesses(plan: Plan, tables: Tables) -> tuple[Access, ...]:
    """Every table of the plan with its conditions, partitions under their root, each once."""
    found = _Reader(plan, tables).read()
    unique = {access.identity(): access for access in found}
    return tuple(unique.values())


class _Reader:
    def __init__(self, plan: Plan, tables: Tables) -> None:
        self._root = plan.root
        self._tables = tables
        self._accesses: dict[str, Access] = {}
        for node in plan.root.walk():
            if node.relation and node.schema:
                place = tables.root((node.schema, node.relation))
                self._accesses.setdefault(node.alias, Access(place=place, alias=node.alias))
        names = [str(node.extra.get("Subplan Name", "")) for node in plan.root.walk()]
        self._internal = returned(names)
        alone = len(self._accesses) == 1
        self._only = next(iter(self._accesses), "") if alone else ""

    def read(self) -> Iterable[Access]:
        for node in self._root.walk():
            for text in node.conditions.values():
                self._condition(text)
            for keys in (node.sort_key, node.group_key):
                self._order(keys)
            if node.kind == "Aggregate" and not node.group_key:
                for text in node.output:
                    if match := _EXTREME.match(text):
                        self._order((match[1],))
        self._needs(self._root, exact=True)
        return self._accesses.values()

    def _columns(self) -> frozenset[str]:
        """The columns that a word without an alias may stand for."""
        if not self._only:
            return frozenset()
        table = self._tables.find(self._accesses[self._only].place)
        return frozenset(table.columns) if table else frozenset()

    def _access(self, alias: str) -> Access | None:
        return self._accesses.get(alias or self._only)

    def _condition(self, text: str) -> None:
        for atom in atoms(text, self._internal):
            access = self._access(atom.alias or "")
            table = self._tables.find(access.place) if access is not None else None
            term = _term(atom, table)
            if access is not None and term is not None and term not in access.terms:
                access.terms.append(term)
            if access is not None and not (term and term.predicate):
                access.shown.update(atom.columns)
        self._mention(text, shown=False)

    def _mention(self, text: str, *, shown: bool = True) -> None:
        for mention in mentions(text, self._columns()):
            access = self._access(mention.alias)
            if access is not None:
                access.needed.add(mention.column)
                if shown:
                    access.shown.add(mention.column)

    def _order(self, keys: Iterable[str]) -> None:
        """The leading keys that are one table's."""
        owner: Access | None = None
        items: list[tuple[str, str, str]] = []
        for text in keys:
            key = sort_key(text, self._accesses.keys(), self._columns())
            self._mention(text)
            owners = {m.alias or self._only for m in key.mentions}
            access = self._access(owners.pop()) if len(owners) == 1 else None
            if (
                access is None
                or not may_be_key(key.expression)
                or (owner is not None and access is not owner)
            ):
                break
            owner = access
            plain = len(key.mentions) == 1 and "(" not in key.expression
            column = key.mentions[0].column if plain else ""
            items.append((key.expression, column, key.order))
        if owner is not None and items and tuple(items) not in owner.orders:
            owner.orders.append(tuple(items))

    def _needs(self, node: Node, *, exact: bool) -> None:
        """A scan below another node may put out whole rows: then what is above tells the need."""
        scans = bool(node.relation) and not node.children
        if exact or not scans:
            for text in node.output:
                self._mention(text)
        for child in node.children:
            self._needs(child, exact=exact and node.kind in _PASSES_ON)


def _term(atom: Atom, table: Table | None) -> Term | None:
    """What the atom says of its side; None where no index serves that."""
    use = _USES.get(atom.operator)
    if use is None or (atom.negated and atom.operator not in _NEGATABLE) or atom.row > 1:
        return None
    column = _plain(atom, table)
    if not column and not may_be_key(atom.expression):
        return None
    joins = atom.other == "column"
    if joins and use != "equal":
        return None
    if atom.operator == "is null" and atom.negated:
        use = "range"
    constant = _string(atom.constant)
    inside = atom.operator == "~~" and (constant is None or constant[:1] in ("%", "_"))
    if inside and constant is not None:
        use = "pattern"
    return Term(
        expression=quote_ident(column) if column else atom.expression,
        column=column,
        use=use,
        operator="is not null" if use == "range" and atom.negated else atom.operator,
        joins=joins,
        predicate=_predicate(atom),
        group=atom.group,
        inside=inside,
    )


def _plain(atom: Atom, table: Table | None) -> str:
    """The column that is looked up as it is, or in a type that its index serves as well."""
    if atom.column is None:
        return ""
    known = table.columns.get(atom.column) if table else None
    if atom.cast is None or (known and cast_keeps_index(known.type, atom.cast)):
        return atom.column
    return ""


def _predicate(atom: Atom) -> str:
    """The condition as SQL, where it depends on nothing but the row."""
    match atom.operator:
        case "is null":
            return f"{atom.expression} IS {'NOT ' if atom.negated else ''}NULL"
        case "is true":
            return f"NOT {atom.expression}" if atom.negated else atom.expression
        case "is false":
            return atom.expression if atom.negated else f"NOT {atom.expression}"
        case "= ANY" if atom.constant is not None:
            return f"{atom.expression} = ANY ({atom.constant})"
        case _ if atom.constant is not None and not atom.row:
            return f"{atom.expression} {atom.operator} {atom.constant}"
    return ""


def _string(constant: str | None) -> str | None:
    """What a string constant holds, without its quotes; None where there is none."""
    if constant is None or "'" not in constant:
        return None
    return constant.partition("'")[2].rpartition("'")[0]


def by_table(found: Iterable[Access]) -> dict[Place, list[Access]]:
    """The accesses of each table."""
    grouped: dict[Place, list[Access]] = defaultdict(list)
    for access in found:
        grouped[access.place].append(access)
    return grouped
