"""The one place that takes secrets out of text before it is printed, logged or stored."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "********"

_SECRET_KEYS = (
    r"(?:password|passwd|pwd|sslpassword|sslkeylog|secret|token|api_?key|access_?key"
    r"|scram_client_key|scram_server_key|oauth_client_secret)"
)
# postgresql://user:secret@host: up to the last @ before the host, since passwords may hold one.
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@?'\"]*):([^\s/?'\"]*)@")
# password=secret · password = 'se cret' · ?password=secret · "password": "secret"
_PAIR = re.compile(
    rf"(?i)(\b[a-z_]*{_SECRET_KEYS}[\"']?\s*[=:]\s*)"
    r"('(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"|[^\s&,;'\"]+)"
)
# ALTER ROLE x PASSWORD 'secret'
_CLAUSE = re.compile(r"(?i)(\bpassword\s+)(E?'(?:[^'\\]|\\.|'')*'|\$(\w*)\$.*?\$\3\$)", re.DOTALL)


def redact(text: str) -> str:
    """The text with passwords of URLs, key/value pairs and PASSWORD clauses masked."""
    text = _URL.sub(rf"\1:{MASK}@", text)
    text = _CLAUSE.sub(rf"\1'{MASK}'", text)
    return _PAIR.sub(rf"\1{MASK}", text)
