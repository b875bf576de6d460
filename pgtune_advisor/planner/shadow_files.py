"""Files that look as large as the original's and take no space: the planner asks for sizes only."""

from __future__ import annotations

import math
import os
import struct
from pathlib import Path
from typing import Final

BLOCK: Final = 8192
# A relation's file is cut into pieces of 1 GB; the server looks for the next where one is full.
SEGMENT_BLOCKS: Final = 131_072

# Behind the page header: magic, version, root, level, fast root, fast level.
_BTREE_META: Final = struct.Struct("=IIIIII")
_BTREE_MAGIC: Final = 0x053162
# Behind the page header: magic, version, pages a range, last page of the range map.
_BRIN_META: Final = struct.Struct("=IIII")
_BRIN_MAGIC: Final = 0xA8109CFA
_HEADER: Final = 24
# A page's header: position in the WAL, checksum, flags, bounds of the free space and of the
# special space, size and layout version, oldest transaction.
_PAGE: Final = struct.Struct("=QHHHHHHI")
_LAYOUT: Final = 4
# A btree page's special space: left and right neighbour, level, flags, cycle.
_BTREE_SPECIAL: Final = struct.Struct("=IIIHH")
_LEAF: Final = 1
_ROOT: Final = 2
_SPECIAL_AT: Final = BLOCK - _BTREE_SPECIAL.size
# An inner page's only entry: its position and length, then the block below it, and a header that
# says that it has no key, which stands for everything.
_LINE: Final = struct.Struct("=I")
_DOWNLINK: Final = struct.Struct("=HHHH")
_NO_KEY: Final = 0x2000
_RANGES_PER_MAP_PAGE: Final = 1360


def extend(path: Path, blocks: int) -> None:
    """Make a relation's files as long as this many blocks, without writing any."""
    owner = path.stat()
    for number in range(max(-(-blocks // SEGMENT_BLOCKS), 1)):
        piece = path if number == 0 else path.with_name(f"{path.name}.{number}")
        size = min(blocks - number * SEGMENT_BLOCKS, SEGMENT_BLOCKS) * BLOCK
        descriptor = os.open(piece, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # An index has its first pages already: what plans depend on is there.
            os.ftruncate(descriptor, max(size, os.fstat(descriptor).st_size))
            if number and os.geteuid() == 0:
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
        finally:
            os.close(descriptor)


def create(path: Path, head: bytes, blocks: int, owner: Path) -> None:
    """Make the files of a relation that begins with these pages, as the owner of another file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, head)
        if os.geteuid() == 0:
            like = owner.stat()
            os.fchown(descriptor, like.st_uid, like.st_gid)
    finally:
        os.close(descriptor)
    extend(path, blocks)


def read_first_page(path: Path) -> bytes:
    """The first page of a relation's file; empty where it has none."""
    with path.open("rb") as file:
        return file.read(BLOCK)


def write_head(path: Path, head: bytes) -> None:
    """Replace the first pages of a relation's file; the server must not have read them yet."""
    with path.open("r+b") as file:
        file.write(head)


def dressed(method: str, page: bytes, *, blocks: int, key_width: int, heap_blocks: int) -> bytes:
    """The first pages of an empty index, changed to say what an index of that size would.

    The planner reads a btree's height and a BRIN's range map there. Other methods' pages, and
    those of a format that is not known, stay as they are.
    """
    if method == "btree":
        return page if blocks < 2 else _btree(page, tree_level(blocks, key_width))
    if method == "brin":
        return _brin(page, heap_blocks)
    return page


def tree_level(blocks: int, key_width: int) -> int:
    """The levels above the leaves of a btree with this many blocks.

    Inner pages are filled to 70 % of 8,168 bytes; an entry has 8 bytes of header, 4 of pointer,
    and the key, aligned to 8.
    """
    leaves = max(blocks - 1, 1)
    entry = 12 + -(-max(key_width, 1) // 8) * 8
    fanout = max(int(8168 * 0.7 / entry), 2)
    # The guard is for leaves that are an exact power of the fan-out.
    return max(math.ceil(math.log(leaves) / math.log(fanout) - 1e-9), 0)


def _btree(page: bytes, level: int) -> bytes:
    magic, version, *_ = _BTREE_META.unpack_from(page, _HEADER)
    if magic != _BTREE_MAGIC:
        return page
    changed = bytearray(page)
    _BTREE_META.pack_into(changed, _HEADER, magic, version, 1, level, 1, level)
    # The planner also looks for the least and greatest key: one page a level, the leaf empty.
    inner = (_inner(block, level) for block in range(1, level + 1))
    return b"".join([bytes(changed), *inner, _leaf(is_root=level == 0)])


def _inner(block: int, top: int) -> bytes:
    """An inner page at this block with one entry, which leads to the next block."""
    page = bytearray(BLOCK)
    at = _SPECIAL_AT - _DOWNLINK.size
    _PAGE.pack_into(page, 0, 0, 0, 0, _HEADER + _LINE.size, at, _SPECIAL_AT, BLOCK | _LAYOUT, 0)
    _LINE.pack_into(page, _HEADER, at | 1 << 15 | _DOWNLINK.size << 17)
    _DOWNLINK.pack_into(page, at, 0, block + 1, 0, _DOWNLINK.size | _NO_KEY)
    flags = _ROOT if block == 1 else 0
    _BTREE_SPECIAL.pack_into(page, _SPECIAL_AT, 0, 0, top - block + 1, flags, 0)
    return bytes(page)


def _leaf(*, is_root: bool) -> bytes:
    page = bytearray(BLOCK)
    _PAGE.pack_into(page, 0, 0, 0, 0, _HEADER, _SPECIAL_AT, _SPECIAL_AT, BLOCK | _LAYOUT, 0)
    flags = _LEAF | (_ROOT if is_root else 0)
    _BTREE_SPECIAL.pack_into(page, _SPECIAL_AT, 0, 0, 0, flags, 0)
    return bytes(page)


def _brin(page: bytes, heap_blocks: int) -> bytes:
    magic, version, per_range, _ = _BRIN_META.unpack_from(page, _HEADER)
    if magic != _BRIN_MAGIC or not per_range:
        return page
    ranges = -(-max(heap_blocks, 1) // per_range)
    changed = bytearray(page)
    last = -(-ranges // _RANGES_PER_MAP_PAGE)
    _BRIN_META.pack_into(changed, _HEADER, magic, version, per_range, last)
    return bytes(changed)
