"""Blocks that stop a script before or after a statement that is not where it should be."""

from __future__ import annotations

from typing import Final

from pgtune_advisor.domain.identifiers import qualified, quote_literal
from pgtune_advisor.emit.text import one_line

# Every build or drop that is cut short leaves an invalid index, so nothing may cut it short.
_UNBOUNDED: Final = """\
SET lock_timeout = 0;
SET statement_timeout = 0;"""
# It exists from PostgreSQL 17.
_NO_TRANSACTION_TIMEOUT: Final = """\
IF pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL THEN
  PERFORM pg_catalog.set_config('transaction_timeout', '0', false);
END IF;"""
_NAME_IS_FREE: Final = """\
SELECT i.indisvalid INTO valid
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
 WHERE n.nspname = the_schema AND c.relname = the_name;
IF FOUND THEN
  RAISE EXCEPTION 'the name % is taken%', shown,
    CASE WHEN valid THEN ' by a valid index' WHEN NOT valid THEN ' by an invalid index' ELSE '' END
    USING HINT = help;
END IF;"""
_INDEX_IS_VALID: Final = """\
PERFORM FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = the_schema AND c.relname = the_name
   AND i.indisvalid AND i.indisready AND i.indislive;
IF NOT FOUND THEN
  RAISE EXCEPTION 'index % is not there or not valid', shown USING HINT = help;
END IF;"""
_INDEX_IS_DROPPABLE: Final = """\
SELECT t.relname, i.indisreplident, EXISTS (
    SELECT FROM pg_catalog.pg_constraint AS o
     WHERE o.conindid = c.oid AND o.conrelid = i.indrelid)
  INTO home, identifies, backs
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = the_schema AND c.relname = the_name;
IF NOT FOUND THEN
  RAISE EXCEPTION 'index % is not there', shown
    USING HINT = 'It was dropped already, or this is another database.';
ELSIF home <> the_table THEN
  RAISE EXCEPTION 'index % is on table % now', shown, home
    USING HINT = 'The name was used again: analyse anew.';
ELSIF backs OR identifies THEN
  RAISE EXCEPTION 'index % backs a constraint or the replica identity', shown
    USING HINT = 'It was not so when it was analysed: analyse anew.';
END IF;"""
_INDEX_IS_GONE: Final = """\
PERFORM FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = the_schema AND c.relname = the_name;
IF FOUND THEN
  RAISE EXCEPTION 'index % is still there', shown
    USING HINT = 'It costs writes and may serve no read: run this file again.';
END IF;"""


def unbounded() -> str:
    """No timeout for this session."""
    return f"{_UNBOUNDED}\n{_block(_NO_TRANSACTION_TIMEOUT)}"


def name_is_free(schema: str, name: str) -> str:
    """Stops if the name is taken, by an index that a failed build left behind for example."""
    shown = one_line(qualified(schema, name))
    leftover = (
        "If a failed build left it, and none runs now (pg_stat_progress_create_index): "
        f"DROP INDEX CONCURRENTLY {shown};"
    )
    return _block(_NAME_IS_FREE, _names(schema, name, help=leftover), ("valid boolean",))


def index_is_valid(schema: str, name: str) -> str:
    """Stops if the index is missing or was left invalid."""
    shown = one_line(qualified(schema, name))
    again = f"DROP INDEX CONCURRENTLY {shown}; then run this file again."
    return _block(_INDEX_IS_VALID, _names(schema, name, help=again))


def index_is_droppable(schema: str, table: str, name: str) -> str:
    """Stops unless the index is there, on its table, and backs no constraint or identity."""
    variables = ("home name", "identifies boolean", "backs boolean")
    return _block(_INDEX_IS_DROPPABLE, _names(schema, name, the_table=table), variables)


def index_is_gone(schema: str, name: str) -> str:
    """Stops if the index is still there."""
    return _block(_INDEX_IS_GONE, _names(schema, name))


def nothing_to_undo(reason: str) -> str:
    """Says why there is nothing to undo, and succeeds."""
    return _block("RAISE NOTICE '%', reason;", {"reason": reason})


def cannot_undo(reason: str, hint: str) -> str:
    """Fails, since no statement undoes the change."""
    body = "RAISE EXCEPTION '%', reason USING HINT = help;"
    return _block(body, {"reason": reason, "help": hint})


def _names(schema: str, name: str, **more: str) -> dict[str, str]:
    shown = one_line(qualified(schema, name))
    return {"the_schema": schema, "the_name": name, "shown": shown, **more}


def _block(
    body: str, constants: dict[str, str] | None = None, variables: tuple[str, ...] = ()
) -> str:
    """A DO block; what differs from block to block is declared on top, as text constants."""
    declared = [f"{name} CONSTANT text := {_constant(v)};" for name, v in (constants or {}).items()]
    declared += [f"{variable};" for variable in variables]
    lines = ["DECLARE", *(f"  {line}" for line in declared)] if declared else []
    lines += ["BEGIN", *(f"  {line}" for line in body.split("\n")), "END"]
    text = "\n".join(lines)
    tag, number = "$advisor$", 0
    while tag in text:
        number += 1
        tag = f"$advisor{number}$"
    return f"DO {tag}\n{text}\n{tag};"


def _constant(text: str) -> str:
    """The text as a constant on one line."""
    if "\n" not in text:
        return quote_literal(text)
    inner = text.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"E'{inner}'"
