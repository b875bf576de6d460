"""Sizes and durations, read and written."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgtune_advisor.domain import units


@pytest.mark.parametrize(
    ("text", "size"),
    [("100", 100), ("16GB", 16 * units.GB), ("512 MiB", 512 * units.MB), ("1.5k", 1536)],
)
def test_sizes(text: str, size: int) -> None:
    assert units.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "-1MB", "16 XB", "1e3", "16GB of RAM"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="not a size"):
        units.parse_size(text)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0", timedelta()),
        ("250ms", timedelta(milliseconds=250)),
        ("60s", timedelta(minutes=1)),
        ("10m", timedelta(minutes=10)),
        ("1.5h", timedelta(minutes=90)),
        ("30d", timedelta(days=30)),
    ],
)
def test_durations(text: str, duration: timedelta) -> None:
    assert units.parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "60", "ten minutes", "-1s", "5y"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        units.parse_duration(text)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [(None, 1), ("8kB", 8192), ("kB", 1024), ("MB", units.MB), ("ms", 1), ("min", 60_000)],
)
def test_units_of_settings(unit: str | None, factor: float) -> None:
    assert units.setting_factor(unit) == factor


def test_an_unknown_unit_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="unknown unit"):
        units.setting_factor("furlong")


@given(st.integers(min_value=1, max_value=2**50))
def test_a_setting_reads_back_what_was_written(kilobytes: int) -> None:
    size = kilobytes * units.KB
    assert units.parse_size(units.format_setting_bytes(size)) == size


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1536, "1.5 kB"), (1023 * units.MB, "1023 MB")]
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert units.format_bytes(size) == text


@pytest.mark.parametrize(
    ("duration", "text"),
    [(0.314, "0.314 ms"), (4200, "4.2 s"), (90_000, "90 s"), (180_000, "3 min"), (9e6, "2.5 h")],
)
def test_durations_for_people(duration: float, text: str) -> None:
    assert units.format_ms(duration) == text


def test_counts_and_shares_for_people() -> None:
    assert units.format_count(1234567) == "1,234,567"
    assert units.format_count(0.12345) == "0.123"
    assert units.format_percent(0.125) == "12.5 %"
