"""Sizes in bytes and durations in milliseconds: read from text, and written for people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

KB: Final = 1024
MB: Final = 1024**2
GB: Final = 1024**3
TB: Final = 1024**4

_SIZES: Final = {"": 1, "b": 1, "k": KB, "m": MB, "g": GB, "t": TB} | {
    prefix + suffix: factor
    for prefix, factor in (("k", KB), ("m", MB), ("g", GB), ("t", TB))
    for suffix in ("b", "ib")
}
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*\Z")
# The units of pg_settings: what one step of a setting means, in bytes or in milliseconds.
_MS: Final = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_BLOCK_UNIT = re.compile(r"(\d*)(B|kB|MB|GB|TB)\Z")


def parse_size(text: str) -> int:
    """Bytes of `16GB`, `512 MiB`, `100`. ValueError where it is not a size."""
    match = _NUMBER.match(text)
    if match is None or match[2].lower() not in _SIZES:
        raise ValueError(f"not a size: {text!r} (write for example 512MB or 16GB)")
    return round(float(match[1]) * _SIZES[match[2].lower()])


def parse_duration(text: str) -> timedelta:
    """The duration of `60s`, `10m`, `1.5h`, `30d`, `250ms`, or `0`. ValueError where it is none."""
    match = _NUMBER.match(text)
    if match is not None and not match[2] and float(match[1]) == 0:
        return timedelta()
    if match is None or match[2].lower() not in _SECONDS:
        raise ValueError(f"not a duration: {text!r} (write for example 60s, 10m or 30d)")
    return timedelta(seconds=float(match[1]) * _SECONDS[match[2].lower()])


def setting_factor(unit: str | None) -> float:
    """What one step of a setting's unit is, in bytes or milliseconds; 1 for a plain number."""
    if not unit:
        return 1
    if unit in _MS:
        return _MS[unit]
    match = _BLOCK_UNIT.match(unit)
    if match is None:
        raise ValueError(f"unknown unit of a setting: {unit!r}")
    return int(match[1] or 1) * _SIZES[match[2].lower()]


def format_bytes(size: float) -> str:
    """`1.5 GB`, in powers of 1024 as the server prints them."""
    for factor, name in ((TB, "TB"), (GB, "GB"), (MB, "MB"), (KB, "kB")):
        if abs(size) >= factor:
            return (
                f"{size / factor:.3g} {name}"
                if abs(size) < 1000 * factor
                else f"{size / factor:.0f} {name}"
            )
    return f"{size:.0f} B"


def format_setting_bytes(size: int) -> str:
    """The size as a setting's value that is exact: `4GB`, `768MB`, `64kB`."""
    for factor, name in ((GB, "GB"), (MB, "MB"), (KB, "kB")):
        if size >= factor and size % factor == 0:
            return f"{size // factor}{name}"
    return f"{max(size // KB, 1)}kB"


def format_ms(duration: float) -> str:
    """`0.31 ms`, `4.2 s`, `3 min`, `2.5 h`, `12 d`."""
    for factor, name in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        if abs(duration) >= factor * (1 if name != "min" else 2):
            return f"{duration / factor:.3g} {name}"
    return f"{duration:.3g} ms"


def format_count(number: float) -> str:
    """`1,234,567`; a fraction keeps three significant digits."""
    if float(number).is_integer():
        return f"{int(number):,}"
    return f"{number:.3g}" if abs(number) < 1000 else f"{number:,.0f}"


def format_percent(ratio: float) -> str:
    """`12.5 %` of 0.125."""
    return f"{ratio * 100:.3g} %"
