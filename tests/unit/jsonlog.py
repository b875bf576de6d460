"""A reader of jsonlog for tests: executions with their session, transaction and duration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

_DURATION = re.compile(r"duration: ([\d.]+) ms  (?:statement|execute)\b")


class Execution(NamedTuple):
    session: bytes
    transaction: bytes
    query_id: int
    at: float
    ms: float


def executions(lines: Iterable[bytes]) -> Iterator[Execution]:
    for line in lines:
        entry = json.loads(line)
        match = _DURATION.match(entry["message"])
        if match is None:
            continue
        moment = datetime.strptime(entry["timestamp"][:-4] + "+0000", "%Y-%m-%d %H:%M:%S.%f%z")
        yield Execution(
            session=entry["session_id"].encode(),
            transaction=entry.get("vxid", "").encode(),
            query_id=entry["query_id"],
            at=moment.timestamp(),
            ms=float(match[1]),
        )
