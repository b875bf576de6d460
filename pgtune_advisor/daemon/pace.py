"""How long to wait: longer while a target is slow, and longer each time while it is down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

# The share of its time that a target may spend on us.
SHARE: Final = 0.10
SLOWEST: Final = 16

FIRST_RETRY_S: Final = 5.0
LAST_RETRY_S: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The interval of one cadence in seconds, stretched by `factor` while the target is slow."""

    interval_s: float
    factor: int = 1

    @property
    def delay_s(self) -> float:
        """Seconds from one cycle to the next."""
        return self.interval_s * self.factor

    def after(self, spent_s: float) -> Self:
        """The pace after a collection that took `spent_s`.

        It doubles where that is more than a tenth of the delay, and halves again where half the
        delay would leave it well below.
        """
        if spent_s > SHARE * self.delay_s:
            return replace(self, factor=min(self.factor * 2, SLOWEST))
        if self.factor > 1 and spent_s < SHARE / 2 * self.delay_s / 2:
            return replace(self, factor=self.factor // 2)
        return self


def retry_delay_s(failures: int, interval_s: float, chance: float) -> float:
    """Seconds to wait after the n-th failure in a row; `chance`, from 0 to 1, spreads the targets.

    It begins with the interval or 5 s, doubles, and ends at 5 minutes.
    """
    first = min(FIRST_RETRY_S, interval_s)
    ceiling = min(first * 2.0 ** min(failures - 1, 16), LAST_RETRY_S)
    return ceiling * (0.5 + chance / 2)
