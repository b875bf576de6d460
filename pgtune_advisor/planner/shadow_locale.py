"""Makes a shadow's database with a collation that plans as the original's does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from pgtune_advisor.domain.identifiers import quote_ident, quote_literal
from pgtune_advisor.domain.schema import Locale
from pgtune_advisor.domain.server import Setting
from pgtune_advisor.pg.scratch import ScratchSession
from pgtune_advisor.planner.shadow_refusals import Refusal

_PROVIDERS_SINCE: Final = 150000
_BUILTIN_SINCE: Final = 170000
_BYTES: Final = frozenset({"C", "POSIX"})


def known_locale(locale: Locale | None, settings: Iterable[Setting]) -> Locale:
    """The original's, or, from an older snapshot, what its settings tell."""
    if locale is not None:
        return locale
    values = {s.name: s.value for s in settings}
    collate = values.get("lc_collate", "C.UTF-8")
    return Locale(
        database="",
        encoding="UTF8",
        provider="libc",
        collate=collate,
        ctype=values.get("lc_ctype", collate),
        locale=None,
    )


def create_database(session: ScratchSession, name: str, locale: Locale) -> list[Refusal]:
    """Make the database; a refusal where the locale is not at hand and another is taken.

    What counts for plans is whether texts sort by bytes: then LIKE can use an ordinary index.
    """
    ways = list(_ways(locale, session.server_version))
    for number, options in enumerate(ways):
        statement = f"CREATE DATABASE {quote_ident(name)} TEMPLATE template0 {options}"
        reason = session.change(statement)
        if reason is None:
            if number == 0:
                return []
            wanted = locale.locale or locale.collate
            return [Refusal(kind="locale", subject=wanted, reason=f"it has {options} instead")]
    session.execute(f"CREATE DATABASE {quote_ident(name)} TEMPLATE template0")
    return [
        Refusal(kind="locale", subject=locale.locale or locale.collate, reason="it is not at hand")
    ]


def _ways(locale: Locale, version: int) -> Iterator[str]:
    libc = "LOCALE_PROVIDER libc " if version >= _PROVIDERS_SINCE else ""
    plain = f"ENCODING 'UTF8' {libc}LC_COLLATE %s LC_CTYPE %s"
    bytewise = plain % ("'C'", "'C'")
    icu = "ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE %s LC_COLLATE 'C' LC_CTYPE 'C'"
    match locale.provider:
        case "icu":
            if version >= _PROVIDERS_SINCE:
                yield icu % quote_literal(locale.locale or "und")
        case "builtin":
            if version >= _BUILTIN_SINCE:
                own = quote_literal(locale.locale or "C")
                yield f"ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE {own} LOCALE 'C'"
            yield bytewise
        case _ if locale.collate in _BYTES:
            yield bytewise
        case _:
            yield plain % (quote_literal(locale.collate), quote_literal(locale.ctype))
    if version >= _PROVIDERS_SINCE:
        yield icu % "'und'"
    # By libc this one sorts by code points and still does not count as bytewise.
    yield plain % ("'C.UTF-8'", "'C.UTF-8'")
