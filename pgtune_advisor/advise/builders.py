"""The changes that rules may name, each built from the row that its rule fired on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pgtune_advisor.advise.extensions import create_extension
from pgtune_advisor.advise.ground import Ground
from pgtune_advisor.advise.settings_values import set_parameter
from pgtune_advisor.domain.changes import (
    Advice,
    Change,
    DropIndex,
    Maintain,
    Reindex,
    Script,
    SetParameter,
    SetStorage,
)
from pgtune_advisor.domain.errors import RuleError
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.index_ddl import definition, definition_known
from pgtune_advisor.domain.objects import Index, Relation
from pgtune_advisor.domain.server import Setting
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.rules import messages
from pgtune_advisor.rules.engine import Match


@dataclass(frozen=True, kw_only=True)
class Site:
    """What a builder may look at: a match, its rule's change table, and the snapshot."""

    match: Match
    ground: Ground

    @property
    def snapshot(self) -> Snapshot:
        return self.ground.snapshot

    @property
    def settings(self) -> Mapping[str, Setting]:
        return self.ground.settings

    def raw(self, key: str) -> Any:
        """A key of the rule's change table; RuleError where it is missing."""
        spec = self.match.loaded.rule.spec.change
        value = (spec.title or None) if key == "title" else (spec.model_extra or {}).get(key)
        if value is None:
            path = self.match.loaded.rule.path
            raise RuleError(f'{path}: change "{spec.kind}" needs "{key}"')
        return value

    def text(self, key: str) -> str:
        """The same as a template, filled in with the row's facts."""
        where = f"{self.match.loaded.rule.path}: change.{key}"
        return messages.render(str(self.raw(key)), self.match.names, where)

    def has(self, key: str) -> bool:
        return key in (self.match.loaded.rule.spec.change.model_extra or {})


Built = tuple[str, list[Change]]
"""A title, and the changes in the order in which they must run."""
Builder = Callable[[Site], Built]

_BUILDERS: Final[dict[str, Builder]] = {}


def builds(kind: str) -> Callable[[Builder], Builder]:
    """Register a builder under the name that rules use."""

    def register(builder: Builder) -> Builder:
        _BUILDERS[kind] = builder
        return builder

    return register


def builders() -> Mapping[str, Builder]:
    """All builders by kind."""
    from pgtune_advisor.advise import (  # noqa: F401
        index_builders,
        proposal_builders,
        role_builders,
        statistics_builders,
        table_builders,
    )

    return _BUILDERS


@builds("advice")
def advice(site: Site) -> Built:
    """What the message says, without SQL."""
    message = site.match.finding.message
    title = site.text("title") if site.match.loaded.rule.spec.change.title else message.primary
    return title, [Advice(text=message.hint or message.detail or message.primary)]


@builds("drop-index")
def _drop_index(site: Site) -> Built:
    index: Index = site.match.row.index
    return f"Drop index {qualified(index.schema, index.name)}", [drop(index)]


def drop(index: Index) -> DropIndex:
    """The drop of an index, with the statement that makes it again where it is known."""
    return DropIndex(
        database=index.database,
        schema=index.schema,
        table=index.table,
        name=index.name,
        definition=definition(index) if definition_known(index) else None,
    )


@builds("repair-index")
def _repair_index(site: Site) -> Built:
    """An invalid index: dropped where it is a leftover or half dropped, else built again."""
    index: Index = site.match.row.index
    name = qualified(index.schema, index.name)
    if site.match.row.leftover or not index.is_live:
        return f"Drop the leftover index {name}", [drop(index)]
    change = Reindex(
        database=index.database, schema=index.schema, table=index.table, name=index.name
    )
    return f"Rebuild the invalid index {name}", [change]


@builds("maintain")
def _maintain(site: Site) -> Built:
    relation: Relation = site.match.row.relation
    command = site.raw("command")
    change = Maintain(
        database=relation.database,
        schema=relation.schema,
        table=relation.name,
        command=command,
    )
    return f"{command} {qualified(relation.schema, relation.name)}", [change]


@builds("set-parameter")
def _set_parameter(site: Site) -> Built:
    """ALTER SYSTEM SET; advice where the template of `value` gives nothing."""
    name, value = site.text("name"), site.text("value")
    if not value:
        return advice(site)
    change = set_parameter(site.settings, name, value)
    if change is None:
        return f"Set {name} to {value}", []
    return f"Set {name} to {change.value} (now {change.current})", [change]


@builds("preload-statements")
def _preload_statements(site: Site) -> Built:
    """shared_preload_libraries with pg_stat_statements added, and the extension created.

    A server that preloads what it does not have will not start: then it is advice.
    """
    changes: list[Change] = []
    row = site.match.row
    if not row.statements_available:
        return advice(site)
    if row.statements_preloaded is False:
        libraries = [part.strip() for part in (row.preload_libraries or "").split(",")]
        value = ", ".join([*(part for part in libraries if part), "pg_stat_statements"])
        change = set_parameter(site.settings, "shared_preload_libraries", value)
        changes += [change] if change else []
    if not row.statements_installed and not site.snapshot.server.in_recovery:
        changes.append(create_extension(site.snapshot.server.database, "pg_stat_statements"))
    return "Enable pg_stat_statements", changes


@builds("set-storage")
def _set_storage(site: Site) -> Built:
    """`options` that the table does not have yet, and `then` VACUUM or ANALYZE, or nothing."""
    relation: Relation = site.match.row.relation
    table: Mapping[str, str] = site.raw("options")
    where = f"{site.match.loaded.rule.path}: change.options"
    wanted = (
        (name, messages.render(str(text), site.match.names, where)) for name, text in table.items()
    )
    options = tuple(pair for pair in wanted if "=".join(pair) not in relation.options)
    changes: list[Change] = [_storage(relation, options)] if options else []
    name = qualified(relation.schema, relation.name)
    title = f"Set storage parameters of {name}" if options else f"Maintain {name}"
    match site.text("then") if site.has("then") else "":
        case "ANALYZE" | "VACUUM" | "VACUUM (FREEZE)" as command:
            changes.append(
                Maintain(
                    database=relation.database,
                    schema=relation.schema,
                    table=relation.name,
                    command=command,
                )
            )
            title = f"{title} and {command} it" if options else f"{command} {name}"
        case "":
            pass
        case other:
            path = site.match.loaded.rule.path
            raise RuleError(f'{path}: change.then: "{other}" is no maintenance command')
    return title, changes


def _storage(relation: Relation, options: tuple[tuple[str, str], ...]) -> SetStorage:
    """The change, which remembers what the table and its TOAST table have now."""
    pairs = [option.split("=", 1) for option in relation.options]
    pairs += [f"toast.{option}".split("=", 1) for option in relation.toast_options]
    names = {name for name, _ in options}
    return SetStorage(
        database=relation.database,
        schema=relation.schema,
        table=relation.name,
        options=options,
        previous=tuple((name, value) for name, value in pairs if name in names),
    )


@builds("enable-autovacuum")
def _enable_autovacuum(site: Site) -> Built:
    relation: Relation | None = site.match.row.relation
    if relation is not None:
        name = qualified(relation.schema, relation.name)
        change = _storage(relation, ((site.match.row.cause, "on"),))
        return f"Enable autovacuum for {name}", [change]
    cause = site.match.row.cause
    found: SetParameter | None = set_parameter(site.settings, cause, "on")
    return f"Set {cause} to on", [found] if found else []


@builds("script")
def _script(site: Site) -> Built:
    change = Script(
        database=site.match.finding.subject.database,
        up=site.text("up"),
        down=site.text("down") if site.has("down") else None,
        lock=site.text("lock"),
        transactional=bool(site.raw("transactional")),
        duration=site.raw("duration"),
    )
    return site.text("title"), [change]
