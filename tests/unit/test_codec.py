"""Snapshot files: what is written is read back, and what is damaged is refused with a reason."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import zstandard

from pgtune_advisor.domain import codec
from pgtune_advisor.domain.errors import SnapshotError
from pgtune_advisor.domain.snapshot import Gap, Snapshot
from pgtune_advisor.domain.statements import StatementsInfo, StatementText
from unit.snapshots import make_snapshot

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def snapshot() -> Snapshot:
    return make_snapshot(
        statement_texts=(StatementText(query_id=-9_000_000_000_000_000_001, text="SELECT 'ü\n'"),),
        statements_info=(StatementsInfo(evictions=None, stats_reset=NOW),),
        gaps=(Gap(source="columns:shop", reason="permission denied", hint="GRANT …"),),
    )


def test_reads_back_what_it_wrote(snapshot: Snapshot) -> None:
    assert codec.decode(codec.encode(snapshot)) == snapshot


def lines(data: bytes) -> list[str]:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data).decode().splitlines()


def packed(text: list[str]) -> bytes:
    return zstandard.ZstdCompressor().compress(("\n".join(text) + "\n").encode())


def refused(data: bytes) -> str:
    with pytest.raises(SnapshotError) as caught:
        codec.read(io.BytesIO(data))
    assert caught.value.exit_code == 2
    return " ".join(caught.value.lines())


def test_a_file_of_something_else(snapshot: Snapshot) -> None:
    assert "error:" in refused(b"PK\x03\x04 not a snapshot")
    assert "not a snapshot" in refused(packed(['{"format": "something"}']))
    assert "not a snapshot" in refused(packed(["null"]))
    assert "damaged" in refused(packed([""]))


def test_a_file_cut_anywhere(snapshot: Snapshot) -> None:
    data = codec.encode(snapshot)
    for size in range(0, len(data), 7):
        refused(data[:size])


def test_a_file_that_lost_a_line(snapshot: Snapshot) -> None:
    whole = lines(codec.encode(snapshot))
    for number in range(1, len(whole)):
        refused(packed(whole[:number] + whole[number + 1 :]))


def test_a_value_of_the_wrong_type(snapshot: Snapshot) -> None:
    whole = lines(codec.encode(snapshot))
    header = json.loads(whole[0])
    header["server"]["version_num"] = "eighteen"
    assert "version_num" in refused(packed([json.dumps(header), *whole[1:]]))


def test_a_later_version_is_named(snapshot: Snapshot) -> None:
    whole = lines(codec.encode(snapshot))
    header = json.loads(whole[0]) | {"version": 99}
    assert "version 99" in refused(packed([json.dumps(header), *whole[1:]]))


def test_a_fast_cycle_lies_over_the_last_full_one(snapshot: Snapshot) -> None:
    full = replace(
        snapshot, gaps=(Gap(source="columns:shop", reason="old"), Gap(source="wal", reason="old"))
    )
    fast = make_snapshot(
        collected=frozenset({"statements_info", "wal"}),
        statements_info=(StatementsInfo(evictions=4, stats_reset=NOW),),
    )
    both = fast.over(full)
    assert both.statements_info[0].evictions == 4
    assert both.statement_texts == full.statement_texts
    assert both.collected == full.collected
    assert [gap.source for gap in both.gaps] == ["columns:shop"]


def test_some_tables_alone(snapshot: Snapshot) -> None:
    some = codec.decode(codec.encode(snapshot), {"statements_info"})
    assert some.statements_info == snapshot.statements_info
    assert some.statement_texts == ()
    assert some.collected == {"statements_info"}
    assert some.gaps == snapshot.gaps
