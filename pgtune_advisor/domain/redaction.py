"""The one place that takes secrets out of text before it is printed, logged or stored."""

from __future__ import annotations

import re
from typing import Final

MASK: Final = "********"

_SECRET_KEYS = (
    r"(?:password|passwd|passphrase|pwd|sslkeylog|secret|token|api_?key|access_?key"
    r"|scram_client_key|scram_server_key)"
)
# postgresql://user:se:c/r@et@host up to the last @, since passwords hold what they should not. A
# port and a path may have an @ behind them too.
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://[^\s:/@?]*):(?!\d{2,5}(?:[/?,]|$))\S*@")
# The same with blanks in the password, where only PostgreSQL's own scheme says that it is one.
_SPACED_URL = re.compile(
    r"(?i)\b(postgres(?:ql)?(?:\+\w{1,30})?://[^\s:/@?]*):(?!\d{2,5}(?:[/?,\s]|$))[^@\n]{0,200}@"
)
# A value in quotes, or cut off before its closing quote.
_SINGLE = r"'(?:[^'\\]|\\.|'')*(?:'|\Z)"
_DOUBLE = r"\"(?:[^\"\\]|\\.)*(?:\"|\Z)"
# A value without quotes ends at a blank, at a quote around the whole, or at the next parameter of
# a URL; `$1` is a statement's parameter and holds nothing.
_BARE = r"(?!['\"]|\$\d+\b)(?:\\.|(?!['\"](?:[\s),;\]}]|\Z)|&\w+=)\S)+"
_KEY = rf"(?i)(\b[a-z_]*{_SECRET_KEYS}[\"']?\s*[=:]\s*)"
# password=secret · password = 'se cret' · ?password=secret · "password": "secret"
_PAIR = re.compile(rf"{_KEY}(?:{_SINGLE}|{_DOUBLE}|{_BARE})", re.DOTALL)
# ALTER ROLE x PASSWORD 'secret', with whatever SQL allows between the two
_GAP = r"(?:\s|/\*.*?\*/|--[^\n]*\n)*"
_DOLLAR = r"\$([^\W\d]\w*)?\$.*?(?:\$\{}\$|\Z)"
_CLAUSE = re.compile(
    rf"(?i)(?<!['\"])(\bpassword{_GAP})((?:E|U&)?{_SINGLE}|{_DOLLAR.format(3)})", re.DOTALL
)
# libpq quotes what it stumbles upon: the second word of a password with a blank
_STUMBLED = re.compile(r"(missing \"=\" after \")[^\"]*")

_LITERAL = re.compile(rf"{_SINGLE}|{_DOLLAR.format(1)}", re.DOTALL)
_QUOTED_PAIR = re.compile(rf"{_KEY}(?:{_SINGLE})", re.DOTALL)


def redact(text: str) -> str:
    """The text with passwords of URLs, key/value pairs and PASSWORD clauses masked."""
    text = _URL.sub(rf"\1:{MASK}@", text)
    text = _SPACED_URL.sub(rf"\1:{MASK}@", text)
    text = _CLAUSE.sub(rf"\1'{MASK}'", text)
    text = _STUMBLED.sub(rf"\1{MASK}", text)
    return _PAIR.sub(_masked, text)


def redact_sql(statement: str) -> str:
    """The statement with secrets masked in its literals and PASSWORD clauses only.

    What redact() would take for a value without quotes, as in `SET token = excluded.token`, is an
    expression here: the statement can still be parsed.
    """
    statement = _CLAUSE.sub(rf"\1'{MASK}'", statement)
    statement = _QUOTED_PAIR.sub(rf"\1'{MASK}'", statement)
    return _LITERAL.sub(lambda literal: redact(literal[0]), statement)


def _masked(pair: re.Match[str]) -> str:
    """The key and a mask, in the quotes that were there: what is around can still be read."""
    quote = pair[0][len(pair[1])]
    return f"{pair[1]}{quote}{MASK}{quote}" if quote in "'\"" else f"{pair[1]}{MASK}"
