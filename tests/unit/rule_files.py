"""Rule files for tests: written with few words, the rest filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PLAIN: Final = """
id = "{id}"
subject = "index"
severity = "warning"
phase = "core"
applicability = "review"
when = "scans = 0"
evidence = ["scans"]
change = {{ kind = "advice" }}

[message]
primary = "index {{{{ name }}}} is idle"
detail = "It was scanned {{{{ scans | count }}}} times."
hint = "Look at it."

[docs]
why = "Since it matters to those who wait."
fix = "Do what the hint says."
caveats = "None that are known."
"""


def text(name: str, **instead: str) -> str:
    """A rule's text; a keyword replaces the line that begins with its name."""
    lines = _PLAIN.format(id=name).splitlines()
    for key, value in instead.items():
        place = next((i for i, line in enumerate(lines) if line.startswith(f"{key} ")), None)
        if place is None:
            lines.insert(1, f"{key} = {value}")
        else:
            lines[place] = f"{key} = {value}"
    return "\n".join(lines) + "\n"


def write(folder: Path, name: str, extra: str = "", **instead: str) -> Path:
    """A rule file `<folder>/<name>.toml`; `extra` is put at its end."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text(name, **instead) + extra, encoding="utf-8")
    return path
