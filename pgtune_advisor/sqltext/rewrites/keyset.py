"""OFFSET: the page after the last row that was seen, instead of a number of rows to skip."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pgtune_advisor.sqltext.rewrites.base import (
    Changed,
    Ground,
    Outcome,
    RefusalError,
    TableFacts,
    bare,
    parameter,
    parameters_in,
)
from pgtune_advisor.sqltext.typenames import base_type

ABOUT: Final = "the rows behind the last one seen, by its key"
EXAMPLE: Final = (
    "SELECT * FROM orders WHERE status = $1 ORDER BY placed DESC, id DESC LIMIT $2 OFFSET $3",
    "SELECT * FROM orders WHERE status = $1 AND (placed, id) < ($3::timestamp, $4::int4)"
    " ORDER BY placed DESC, id DESC LIMIT $2",
)

# They read more than the row itself, so leaving out rows before them changes what they give.
_WHOLE: Final = (
    (exp.Group, "grouped", "it groups rows"),
    (exp.Having, "grouped", "it groups rows"),
    (exp.Distinct, "distinct", "it removes duplicates, which those rows may be that are left out"),
    (exp.Window, "window", "a window function sees the rows that are left out"),
    (exp.Lock, "locks", "it locks the rows, those it skips as well"),
    (exp.Join, "joined", "it joins tables, so that a row of one may come several times"),
    (exp.CTE, "nested", "it has queries in it"),
)
_SCALARS: Final = frozenset(
    {"lower", "upper", "coalesce", "length", "round", "abs", "date_trunc", "to_char", "substr"}
    | {"substring", "trim", "btrim", "left", "right", "concat", "nullif", "greatest", "least"}
    | {"date", "now", "replace", "md5", "floor", "ceil", "date_part"}
)


def rewrite(tree: exp.Expr, ground: Ground) -> Outcome:
    """A query of one table with ORDER BY, LIMIT and OFFSET."""
    offset = tree.args.get("offset")
    if not isinstance(tree, exp.Select) or offset is None:
        inner = tree.find(exp.Offset)
        if inner is None:
            return None
        return RefusalError("nested", "the OFFSET is not the statement's own").refusal
    try:
        return _paged(tree, offset, ground)
    except RefusalError as error:
        return error.refusal


def _paged(tree: exp.Select, offset: exp.Offset, ground: Ground) -> Changed:
    _check_plain(tree)
    table = _only_table(tree, ground)
    order = _order(tree, table)
    _check_values(order, table)
    completed = _completed(order, table)
    baseline, changed = tree.copy(), tree.copy()
    added = completed[len(order) :]
    for made in (baseline, changed):
        made.args["order"].set("expressions", [item.copy() for item in completed])
    changed.set("offset", None)
    # The numbers stay without a gap: the place of OFFSET's own parameter is taken first.
    number = offset.expression
    free = [int(number.this.name)] if isinstance(number, exp.Parameter) else []
    if free and free[0] in parameters_in(changed):
        free = []
    last = max([*parameters_in(tree), 0])
    numbers = [*free, *range(last + 1, last + len(completed) + 1)][: len(completed)]
    columns = [_column(item) for item in completed]
    values: list[exp.Expr] = [
        exp.Cast(
            this=parameter(n), to=exp.DataType.build(_type(table, c), udt=True, dialect="postgres")
        )
        for n, c in zip(numbers, columns, strict=True)
    ]
    changed.where(*_behind(completed, columns, values), copy=False)
    said = tuple(
        f"${n} is {c.name} of the last row of the page before"
        for n, c in zip(numbers, columns, strict=True)
    )
    return Changed(
        tree=changed,
        parameters=said,
        notes=_notes(tree, columns, added),
        baseline=baseline,
    )


def _check_plain(tree: exp.Select) -> None:
    for kind, reason, detail in _WHOLE:
        if tree.find(kind):
            raise RefusalError(reason, detail)
    limit = tree.args.get("limit")
    if isinstance(limit, exp.Fetch) and limit.args.get("limit_options"):
        options = limit.args["limit_options"]
        if options.args.get("with_ties"):
            raise RefusalError("ties", "FETCH … WITH TIES returns more rows than it is asked for")
    if tree.find(exp.Subquery) or len(list(tree.find_all(exp.Select))) > 1:
        raise RefusalError("nested", "it has queries in it")
    for item in tree.expressions:
        for call in item.find_all(exp.Func):
            name = call.this if isinstance(call, exp.Anonymous) else call.key
            text = name.name if isinstance(name, exp.Expr) else str(name)
            if not isinstance(call, exp.Cast | exp.Case | exp.Extract | exp.Connector) and (
                text.lower() not in _SCALARS
            ):
                raise RefusalError(
                    "function", f"{text}() may aggregate, or return several rows for one"
                )


def _only_table(tree: exp.Select, ground: Ground) -> TableFacts:
    source = tree.args.get("from_") or tree.args.get("from")
    if source is None or not isinstance(source.this, exp.Table) or len(ground.tables) != 1:
        raise RefusalError("joined", "it does not read exactly one table")
    (table,) = ground.tables.values()
    if table is None:
        raise RefusalError("table-unknown", "its table is a view, or not in the catalogue")
    return table


def _order(tree: exp.Select, table: TableFacts) -> list[exp.Ordered]:
    order = tree.args.get("order")
    if order is None:
        raise RefusalError("no-order", "without ORDER BY there is no page to continue")
    returned = {item.alias: bare(item.this) for item in tree.expressions if item.alias}
    items = list(order.expressions)
    for item in items:
        column = bare(item.this)
        if not isinstance(column, exp.Column) or column.name not in table.types:
            raise RefusalError("order", "it is not ordered by plain columns of the table")
        hidden = returned.get(column.name) if not column.table else None
        if hidden is not None and not (
            isinstance(hidden, exp.Column) and hidden.name == column.name
        ):
            raise RefusalError("order", f"{column.name} in ORDER BY is an expression of SELECT")
        if item.args.get("using"):
            raise RefusalError("order", "it is ordered by an operator of its own")
    return items


def _check_values(order: list[exp.Ordered], table: TableFacts) -> None:
    for item in order:
        name = _column(item).name
        if name not in table.not_null:
            raise RefusalError(
                "nullable", f"{name} may be NULL, and nothing is greater or less than NULL"
            )


def _completed(order: list[exp.Ordered], table: TableFacts) -> list[exp.Ordered]:
    """The order made unique by a key, in the direction of its last column."""
    named = {_column(item).name for item in order}
    keys = [key for key in table.keys if set(key) <= table.not_null]
    if any(set(key) <= named for key in keys):
        return [item.copy() for item in order]
    if not keys:
        raise RefusalError(
            "not-unique", "rows may be equal in ORDER BY, and no unique key tells them apart"
        )
    last = order[-1]
    qualifier = _column(last).args.get("table")
    more = [
        exp.Ordered(
            this=exp.Column(
                this=exp.to_identifier(name, quoted=True),
                table=qualifier.copy() if qualifier else None,
            ),
            desc=last.args.get("desc"),
            nulls_first=last.args.get("desc") or False,
        )
        for name in keys[0]
        if name not in named
    ]
    return [*(item.copy() for item in order), *more]


def _behind(
    order: list[exp.Ordered], columns: list[exp.Column], values: list[exp.Expr]
) -> list[exp.Expr]:
    """A comparison of rows where all go one way; else column by column."""
    descending = [bool(item.args.get("desc")) for item in order]
    if len(set(descending)) == 1:
        operator = exp.LT if descending[0] else exp.GT
        if len(columns) == 1:
            return [operator(this=columns[0].copy(), expression=values[0])]
        row = exp.Tuple(expressions=[c.copy() for c in columns])
        return [operator(this=row, expression=exp.Tuple(expressions=values))]
    arms = []
    for at, column in enumerate(columns):
        same = [
            exp.EQ(this=c.copy(), expression=v.copy())
            for c, v in zip(columns[:at], values[:at], strict=True)
        ]
        operator = exp.LT if descending[at] else exp.GT
        arms.append(
            exp.and_(*same, operator(this=column.copy(), expression=values[at].copy()), copy=False)
        )
    # This one follows from the others, and it is what an index can begin at.
    first = exp.LTE if descending[0] else exp.GTE
    lead = first(this=columns[0].copy(), expression=values[0].copy())
    return [lead, exp.Paren(this=exp.or_(*arms, copy=False))]


def _notes(
    tree: exp.Select, columns: list[exp.Column], added: list[exp.Ordered]
) -> tuple[str, ...]:
    notes = ["The first page is the same statement without this condition."]
    if added:
        names = ", ".join(_column(item).name for item in added)
        notes.append(
            f"ORDER BY gets {names} at its end: rows that were equal had no certain order before,"
            " so that pages could repeat or miss some."
        )
    chosen = {bare(i.this if i.alias else i).name for i in tree.expressions}
    lacking = [c.name for c in columns if c.name not in chosen]
    if lacking and not any(item.is_star for item in tree.expressions):
        notes.append(f"The client also needs {', '.join(lacking)} of each page's last row.")
    return tuple(notes)


def _column(item: exp.Ordered) -> exp.Column:
    column = bare(item.this)
    assert isinstance(column, exp.Column)
    return column


def _type(table: TableFacts, column: exp.Column) -> str:
    return base_type(table.types[column.name])
