"""Rules from their files, each checked whole before any of them runs."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from pydantic import ValidationError

from pgtune_advisor.domain.errors import ConfigError, RuleError
from pgtune_advisor.rules import messages
from pgtune_advisor.rules.conditions import Condition, compile_condition
from pgtune_advisor.rules.detectors import detector_names, detectors
from pgtune_advisor.rules.factbase import Catalogue
from pgtune_advisor.rules.spec import ParamValue, Rule, RuleSpec


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """A rule that was checked, with its conditions and the parameters in force."""

    rule: Rule
    when: Condition | None
    critical: Condition | None
    params: Mapping[str, float]

    @property
    def id(self) -> str:
        return self.rule.id


@dataclass(frozen=True, kw_only=True)
class RuleBook:
    """All rules that run, by id; `notes` say which files replaced which."""

    rules: tuple[Loaded, ...]
    catalogue: Catalogue
    disabled: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def get(self, name: str) -> Loaded:
        """The rule with this id or alias; RuleError names the nearest."""
        for loaded in self.rules:
            if name == loaded.id or name in loaded.rule.spec.aliases:
                return loaded
        near = get_close_matches(name, [loaded.id for loaded in self.rules], 1)
        raise RuleError(
            f'there is no rule "{name}"',
            hint=f'Did you mean "{near[0]}"?' if near else "`rules list` shows all of them.",
        )


def load_rules(
    directories: Sequence[Path],
    catalogue: Catalogue,
    *,
    disabled: Iterable[str] = (),
    params: Mapping[str, Mapping[str, ParamValue]] | None = None,
) -> RuleBook:
    """Read `<group>/<id>.toml` of the first directory, then `*.toml` of the user's.

    A later file with the same id replaces the earlier. RuleError names file and place.
    """
    by_id: dict[str, Rule] = {}
    notes: list[str] = []
    for number, directory in enumerate(directories):
        for path in sorted(directory.rglob("*.toml")) if directory.is_dir() else ():
            rule = read_rule(path, is_custom=number > 0)
            if rule.id in by_id:
                notes.append(f"rule {rule.id}: {path} replaces {by_id[rule.id].path}")
            by_id[rule.id] = rule
    names = _names(by_id.values())
    off = {_named(name, names, "rules.disabled") for name in disabled}
    given = {_named(k, names, "rules.params"): v for k, v in (params or {}).items()}
    rules = tuple(
        check_rule(rule, catalogue, given.get(rule.id, {}))
        for rule in sorted(by_id.values(), key=lambda r: (r.category, r.id))
        if rule.id not in off
    )
    return RuleBook(
        rules=rules, catalogue=catalogue, disabled=tuple(sorted(off)), notes=tuple(notes)
    )


def _names(rules: Iterable[Rule]) -> dict[str, str]:
    """Every id and alias with the id that it means."""
    found: dict[str, Rule] = {}
    for rule in rules:
        for name in (rule.id, *rule.spec.aliases):
            other = found.setdefault(name, rule)
            if other is not rule:
                raise RuleError(
                    f'{rule.path}: the name "{name}" is taken', detail=f"{other.path} has it."
                )
    return {name: rule.id for name, rule in found.items()}


def _named(name: str, names: Mapping[str, str], where: str) -> str:
    if name in names:
        return names[name]
    near = get_close_matches(name, names, 1)
    raise ConfigError(
        f'{where}: there is no rule "{name}"',
        hint=f'Did you mean "{near[0]}"?' if near else "`rules list` shows all of them.",
    )


def read_rule(path: Path, *, is_custom: bool = False) -> Rule:
    """One rule file, its shape checked; RuleError with the place of each mistake."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        spec = RuleSpec.model_validate(data)
    except OSError as error:
        raise RuleError(f"{path}: cannot be read", detail=str(error.strerror)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: not valid TOML", detail=str(error)) from None
    except ValidationError as error:
        problems = [
            f"{'.'.join(str(step) for step in item['loc']) or 'rule'}: "
            f"{item['msg'].removeprefix('Value error, ')}"
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise RuleError(f"{path}: not a valid rule", detail="; ".join(problems)) from None
    if spec.id != path.stem:
        raise RuleError(f'{path}: the id "{spec.id}" must be the name of the file')
    category = "custom" if is_custom else path.parent.name
    return Rule(spec=spec, category=category, path=path, is_custom=is_custom)


def check_rule(rule: Rule, catalogue: Catalogue, given: Mapping[str, ParamValue]) -> Loaded:
    """Check a rule against the fact catalogue and fix its parameters; RuleError or ConfigError."""
    spec, where = rule.spec, str(rule.path)
    if spec.subject not in catalogue.subjects():
        near = get_close_matches(spec.subject, catalogue.subjects(), 1)
        raise RuleError(
            f'{where}: unknown subject "{spec.subject}"',
            hint=f'Did you mean "{near[0]}"?' if near else ", ".join(catalogue.subjects()),
        )
    facts, server = catalogue.columns(spec.subject), catalogue.columns("server")
    for name in spec.evidence:
        known = server if name.startswith("server.") else facts
        if name.removeprefix("server.") not in known:
            raise RuleError(f'{where}: evidence: unknown fact "{name}"')
    if spec.detector and spec.detector not in detectors():
        raise RuleError(f'{where}: unknown detector "{spec.detector}"', hint=", ".join(detectors()))
    names = _template_names(spec, facts, server)
    for part in ("primary", "detail", "hint"):
        messages.check(getattr(spec.message, part), f"{where}: message.{part}", names)
    for key, text in _texts("change", spec.change.model_dump(exclude={"kind"})):
        messages.check(text, f"{where}: {key}", names)

    def condition(key: str, text: str) -> Condition | None:
        if not text:
            return None
        return compile_condition(
            text,
            facts=facts,
            server_facts=server,
            params=spec.params,
            where=f"{where}: {key}",
        )

    return Loaded(
        rule=rule,
        when=condition("when", spec.when),
        critical=condition("critical_when", spec.critical_when),
        params=_params(spec, given),
    )


def _template_names(
    spec: RuleSpec, facts: Collection[str], server: Collection[str]
) -> messages.Names:
    """What the templates of a rule may use: facts, server, params, setting, a detector's names."""
    plain = (*facts, *detector_names(spec.detector), "setting")
    return {**dict.fromkeys(plain), "server": server, "params": list(spec.params)}


def _texts(key: str, value: object) -> Iterator[tuple[str, str]]:
    """The texts of a table, however deep, each with its place."""
    match value:
        case str():
            yield key, value
        case dict():
            for name, inner in value.items():
                yield from _texts(f"{key}.{name}", inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(key, inner)
        case _:
            return


def _params(spec: RuleSpec, given: Mapping[str, ParamValue]) -> dict[str, float]:
    for name in given:
        if name not in spec.params:
            near = get_close_matches(name, spec.params, 1)
            raise ConfigError(
                f'rules.params.{spec.id}: unknown parameter "{name}"',
                hint=f'Did you mean "{near[0]}"?' if near else f"Known: {', '.join(spec.params)}",
            )
    values = {}
    for name, param in spec.params.items():
        try:
            values[name] = param.number(given.get(name, param.default))
        except ValueError as error:
            raise ConfigError(f"rules.params.{spec.id}.{name}: {error}") from None
    return values
