"""One target under watch: when it is asked for what, and what happens when it does not answer."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pgtune_advisor.daemon.cycle import Done, TargetCycles
from pgtune_advisor.daemon.health import Health
from pgtune_advisor.daemon.metrics import Metrics, Miss
from pgtune_advisor.daemon.pace import Pace, retry_delay_s
from pgtune_advisor.daemon.wiring import Cancellable, CollectorLike, Wiring
from pgtune_advisor.domain.errors import AdvisorError, TargetError
from pgtune_advisor.logs import log
from pgtune_advisor.settings import DaemonSection, TargetSection
from pgtune_advisor.store import Cadence, Cycle, Store

# A cycle that lasts longer than this, and than its interval, is cancelled.
PATIENCE_S: Final = 300.0

_LOGGER = logging.getLogger(__name__)
