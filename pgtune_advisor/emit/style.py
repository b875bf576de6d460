"""How a text report looks: its width, and colour where the caller asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pgtune_advisor.domain.findings import Severity

MIN_WIDTH: Final = 40
MAX_WIDTH: Final = 160
_SEVERITY_CODES: Final[dict[Severity, str]] = {
    "critical": "1;31",
    "warning": "1;33",
    "info": "1;36",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What the caller knows of its output. Long lines are hard to read, so width has a limit."""

    width: int = 80
    color: bool = False

    @property
    def columns(self) -> int:
        return min(max(self.width, MIN_WIDTH), MAX_WIDTH)

    def bold(self, text: str) -> str:
        return self._paint(text, "1")

    def dim(self, text: str) -> str:
        return self._paint(text, "2")

    def severity(self, text: str, severity: Severity) -> str:
        return self._paint(text, _SEVERITY_CODES[severity])

    def _paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text
