"""How large the original's tables and indexes are, told to a shadow's catalogue and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pgtune_advisor.domain.objects import Index
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner import shadow_files as files
from pgtune_advisor.planner.shadow_schema import Source

_UNKNOWN_WIDTH: Final = 8
_CATALOGUE: Final = """
UPDATE pg_catalog.pg_class AS c
SET relpages = r.pages, reltuples = r.rows, relallvisible = r.visible
FROM pg_catalog.json_to_recordset(%s::json)
    AS r (schema name, name name, pages int4, rows float4, visible int4)
JOIN pg_catalog.pg_namespace AS n ON n.nspname = r.schema
WHERE c.relnamespace = n.oid AND c.relname = r.name
"""
_PATHS: Final = """
SELECT n.nspname::text, c.relname::text, pg_catalog.pg_relation_filepath(c.oid)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'i') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSize:
    """A relation's file below the data directory, and the blocks that it shall seem to have.

    `method` is an index's, empty for a table.
    """

    path: str
    blocks: int
    method: str = ""
    key_width: int = 0
    heap_blocks: int = 0


def write_catalogue(session: ScratchSession, source: Source) -> str | None:
    """Pages and rows into pg_class, where planning takes the rows of a page from."""
    rows = [
        {
            "schema": r.schema,
            "name": r.name,
            "pages": r.pages,
            "rows": -1 if r.rows is None else r.rows,
            "visible": r.all_visible_pages,
        }
        for r in source.relations
    ]
    rows += [
        {
            "schema": i.schema,
            "name": i.name,
            "pages": i.pages,
            "rows": -1 if i.rows is None else i.rows,
            "visible": 0,
        }
        for i in source.indexes
    ]
    return session.change(_CATALOGUE, [json.dumps(rows)])


def file_sizes(session: ScratchSession, source: Source) -> list[FileSize]:
    """The files of the shadow's tables and indexes, as large as the original's."""
    paths = {(schema, name): path for schema, name, path in session.rows(_PATHS)}
    heaps = {(r.schema, r.name): r.pages for r in source.relations if r.kind != "p"}
    sizes = [
        FileSize(path=paths[name], blocks=pages) for name, pages in heaps.items() if name in paths
    ]
    widths = column_widths(source)
    for index in source.indexes:
        path = paths.get((index.schema, index.name))
        if path is not None and not index.is_partitioned:
            sizes.append(
                FileSize(
                    path=path,
                    blocks=index.pages,
                    method=index.access_method,
                    key_width=_key_width(index, widths),
                    heap_blocks=heaps.get((index.schema, index.table), 0),
                )
            )
    return sizes


def column_widths(source: Source) -> dict[tuple[str, str, str], int]:
    """The average width of the columns that have statistics, in bytes."""
    return {
        (schema, table, column.name): column.average_width
        for (schema, table), columns in source.columns.items()
        for column in columns
        if column.average_width is not None
    }


def _key_width(index: Index, widths: Mapping[tuple[str, str, str], int]) -> int:
    return sum(
        widths.get((index.schema, index.table, key or ""), _UNKNOWN_WIDTH) for key in index.keys
    )


def extend_all(data_dir: Path, sizes: list[FileSize], databases: Mapping[str, int]) -> None:
    """Make the files of these databases, which are copies of one, so large; the server is down.

    `databases` are the OIDs by name; the paths may be of any of them.
    """
    for oid in databases.values():
        for one in sizes:
            path = data_dir / "base" / str(oid) / Path(one.path).name
            if one.method:
                page = files.read_first_page(path)
                if len(page) == files.BLOCK:
                    files.write_head(path, _dressed(one, page))
            files.extend(path, one.blocks)


def _dressed(one: FileSize, page: bytes) -> bytes:
    return files.dressed(
        one.method,
        page,
        blocks=one.blocks,
        key_width=one.key_width,
        heap_blocks=one.heap_blocks,
    )
