"""Whether two expressions say the same: a predicate's side, and what the catalogue prints."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from sqlglot import exp

from pgtune_advisor.sqltext import dialect, library
from pgtune_advisor.sqltext.expressions import call_name, type_name, unwrapped
from pgtune_advisor.sqltext.unparsed import Unparsed

Match = Literal["same", "possible", "different"]
Form: TypeAlias = tuple["str | Form", ...]

_TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name"})
_NUMBERS: Final = frozenset({"int4", "int8", "numeric", "float4", "float8"})
_WORST_FIRST: Final[tuple[Match, ...]] = ("different", "possible")
_PARAMETER: Final[Form] = ("parameter",)
# A cast to one of these calls the function of that name: date(ts) and ts::date are one expression.
_CASTING: Final = frozenset(
    {"date", "timestamp", "timestamptz", "time", "timetz", "interval", "text", "numeric"}
    | {"int2", "int4", "int8", "float4", "float8", "bool"}
)


def same_expression(one: str, other: str) -> bool:
    """Whether the two may be one expression, so that an index on one may serve the other."""
    return compare_expressions(one, other) != "different"


def compare_expressions(one: str, other: str) -> Match:
    """Compare two expressions of SQL as PostgreSQL does, apart from spelling.

    Parentheses, casts that the catalogue prints without changing the value, and qualifiers do not
    count. The answer is at best `possible` where a parameter stands for a constant, and where only
    one of them casts a number inside, which the server may have added.
    """
    forms = _form_of(one), _form_of(other)
    if forms[0] is None or forms[1] is None:
        return "same" if one == other else "different"
    return _compared(forms[0], forms[1])


def _compared(one: Form, other: Form) -> Match:
    if _PARAMETER in (one, other):
        constants = all(form == _PARAMETER or form[0] == "constant" for form in (one, other))
        return "possible" if constants else "different"
    if len(one) != len(other):
        return "different"
    found = {_part_compared(*parts) for parts in zip(one, other, strict=True)}
    return next((match for match in _WORST_FIRST if match in found), "same")


def _part_compared(one: str | Form, other: str | Form) -> Match:
    if isinstance(one, str) or isinstance(other, str):
        return "same" if one == other else "different"
    match = _compared(one, other)
    # n ^ 2 is printed as (n)::double precision ^ 2: only the types of the columns would tell
    plain = _without_number_cast(one), _without_number_cast(other)
    if match == "different" and plain != (one, other) and _compared(*plain) != "different":
        return "possible"
    return match


def _without_number_cast(form: Form) -> Form:
    if form[0] == "cast" and form[1] in _NUMBERS and isinstance(form[2], tuple):
        return form[2]
    return form


@lru_cache(maxsize=4096)
def _form_of(expression: str) -> Form | None:
    """The expression without what does not count; None if it cannot be read."""
    written = library.deparsed(f"SELECT {expression}")
    if isinstance(written, Unparsed):
        return None
    tree = dialect.parsed(written, keep_literals=True)
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
        return None
    try:
        return _form(tree.expressions[0], inside=False)
    except RecursionError:
        return None


def _form(node: exp.Expr, *, inside: bool = True) -> Form:
    """A nest of tuples; `inside`: below the top, where casts to text are the catalogue's own."""
    node = unwrapped(node)
    match node:
        case exp.Parameter():
            return _PARAMETER
        case exp.Literal() | exp.Boolean() | exp.Null():
            return ("constant", node.name or node.sql())
        case exp.Neg() if isinstance(node.this, exp.Literal):
            return ("constant", f"-{node.this.name}")
        case exp.Column():
            return ("column", node.name)
        case exp.Identifier():
            return ("name", node.name)
        case exp.Dot() if isinstance(node.expression, exp.Anonymous):
            return _form(node.expression)
        case exp.Cast():
            return _cast(type_name(node.to), _form(node.this), inside=inside)
        case exp.Operator():
            return ("operator", str(node.args["operator"]), *_forms(node.iter_expressions()))
    return _call(node, inside=inside) or _other(node)


def _call(node: exp.Expr, *, inside: bool) -> Form | None:
    """A call, the forms that only the grammar knows under the function's own name."""
    match node:
        case exp.AtTimeZone():
            return ("call", "timezone", _form(node.args["zone"]), _form(node.this))
        case exp.Extract():
            return ("call", "extract", _field(node.this), _form(node.expression))
        case exp.Trim():
            name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(node.text("position"), "btrim")
            return ("call", name, *_forms(filter(None, [node.this, node.args.get("expression")])))
        case exp.Anonymous():
            name = (call_name(node) or "row").rpartition(".")[2]
            arguments = _forms(node.expressions)
            if name in _CASTING and len(arguments) == 1:
                return _cast(name, arguments[0], inside=inside)
            return ("call", name, *arguments)
    return None


def _field(node: exp.Expr) -> Form:
    return _PARAMETER if isinstance(node, exp.Parameter) else ("constant", node.name.lower())


def _cast(target: str, inner: Form, *, inside: bool) -> Form:
    if inner == _PARAMETER or inner[0] == "constant" or (inside and target in _TEXTS):
        return inner
    return ("cast", target, inner)


def _forms(nodes: Iterable[exp.Expr]) -> list[Form]:
    return [_form(node) for node in nodes]


def _other(node: exp.Expr) -> Form:
    """Anything else: its class, and what its arguments hold by name."""
    parts: list[str | Form] = [type(node).__name__]
    for name, value in node.args.items():
        values = value if isinstance(value, list) else [value]
        held = [_form(v) if isinstance(v, exp.Expr) else str(v) for v in values if v is not None]
        if held:
            parts += [name, tuple(held)]
    return tuple(parts)
