"""The daemon: it looks at every target on a schedule, and keeps what it finds."""

from pgtune_advisor.daemon.service import run
from pgtune_advisor.daemon.wiring import (
    Cancellable,
    CollectorFactory,
    CollectorLike,
    Evaluate,
    Planning,
    Publish,
    Stopped,
    Wiring,
)

__all__ = [
    "Cancellable",
    "CollectorFactory",
    "CollectorLike",
    "Evaluate",
    "Planning",
    "Publish",
    "Stopped",
    "Wiring",
    "run",
]
