"""Structured logging: one JSON object a line, each with an `action`."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from pgtune_advisor.domain.redaction import redact

LOGGER: Final = "pgtune_advisor"
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, secrets redacted."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": redact(record.getMessage()),
        }
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        # What a library says has no action of its own.
        extra = extra if "action" in extra else {"action": "library", "logger": record.name}
        fields |= {key: _clean(value) for key, value in sorted(extra.items())}
        if record.exc_info:
            fields["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)


def _clean(value: Any) -> Any:
    """The value as JSON has it, secrets redacted wherever there is text."""
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {str(key): _clean(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_clean(item) for item in value]
        case _:
            return redact(str(value))


def configure(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send this package's records, and warnings of the libraries, to `stream` (stderr) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(LOGGER).setLevel(level)
    logging.captureWarnings(True)


def log(logger: logging.Logger, level: int, message: str, *, action: str, **fields: Any) -> None:
    """Write one record that carries `action` and the given fields."""
    logger.log(level, message, extra={"action": action, **fields})
