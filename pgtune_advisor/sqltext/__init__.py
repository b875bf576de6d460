"""Statements: from text to fingerprint, canonical text and shape, with no literal left in them."""

from pgtune_advisor.sqltext.batching import Batched, batched
from pgtune_advisor.sqltext.catalog import Catalog, KnownTable, KnownView, TableCatalog
from pgtune_advisor.sqltext.comments import comment_of, is_own
from pgtune_advisor.sqltext.fingerprint import canonical, fingerprint, normalise, redact_literals
from pgtune_advisor.sqltext.kin import kin
from pgtune_advisor.sqltext.locking import locks_rows
from pgtune_advisor.sqltext.matching import Match, compare_expressions, same_expression
from pgtune_advisor.sqltext.orms import Mapper, mapper_of
from pgtune_advisor.sqltext.parameters import (
    Parametrised,
    Role,
    literals_as_parameters,
    parameters,
    roles,
    substituted,
)
from pgtune_advisor.sqltext.parse import shape_of
from pgtune_advisor.sqltext.plan_conditions import Atom, atoms, is_readable, returned
from pgtune_advisor.sqltext.preparable import Preparable, preparable
from pgtune_advisor.sqltext.repairs import repaired
from pgtune_advisor.sqltext.shape import (
    Bound,
    Columns,
    Key,
    LikeForm,
    OffsetClause,
    Predicate,
    PredicateKind,
    Shape,
    TableRef,
    updated_columns,
)
from pgtune_advisor.sqltext.typenames import cast_keeps_index, implicit_cast
from pgtune_advisor.sqltext.unparsed import Reason, Unparsed

__all__ = [
    "Atom",
    "Batched",
    "Bound",
    "Catalog",
    "Columns",
    "Key",
    "KnownTable",
    "KnownView",
    "LikeForm",
    "Mapper",
    "Match",
    "OffsetClause",
    "Parametrised",
    "Predicate",
    "PredicateKind",
    "Preparable",
    "Reason",
    "Role",
    "Shape",
    "TableCatalog",
    "TableRef",
    "Unparsed",
    "atoms",
    "batched",
    "canonical",
    "cast_keeps_index",
    "comment_of",
    "compare_expressions",
    "fingerprint",
    "implicit_cast",
    "is_own",
    "is_readable",
    "kin",
    "literals_as_parameters",
    "locks_rows",
    "mapper_of",
    "normalise",
    "parameters",
    "preparable",
    "redact_literals",
    "repaired",
    "returned",
    "roles",
    "same_expression",
    "shape_of",
    "substituted",
    "updated_columns",
]
