"""config.example.toml: it loads, it shows every key, and its defaults are those of the code."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from pgtune_advisor.resources import resource
from pgtune_advisor.settings import ENV_PREFIX, Settings, load

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")
# A default: a comment that is a key and a value. Prose is a comment with a blank after the #.
DEFAULT = re.compile(r"^#(?=\w+ = )", re.MULTILINE)
# What has no default is shown as an example.
REQUIRED = {"targets.name", "targets.dsn", "suppress.key", "suppress.reason"}
EXAMPLES = {
    "targets.host.memory",
    "targets.host.cpus",
    "targets.host.storage",
    "rules.params",
    "suppress.until",
}
# Tables whose keys are the user's own.
LEAVES = {"targets.replicas", "rules.params"}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of the configuration with its default."""
    for name, info in model.model_fields.items():
        place = f"{prefix}{name}"
        kinds = [k for k in (info.annotation, *get_args(info.annotation)) if isinstance(k, type)]
        inner = next((k for k in kinds if issubclass(k, BaseModel)), None)
        if inner is not None:
            yield from fields(inner, f"{place}.")
        else:
            yield place, info.get_default(call_default_factory=True)


def written(text: str) -> dict[str, Any]:
    """The values that the text gives, by place; lists of tables hold one."""
    found: dict[str, Any] = {}

    def walk(value: Any, place: str) -> None:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            (value,) = value
        if isinstance(value, dict) and place not in LEAVES:
            for key, item in value.items():
                walk(item, f"{place}.{key}" if place else key)
        else:
            found[place] = value

    walk(tomllib.loads(text), "")
    return found


def test_it_loads_as_it_is() -> None:
    settings = load(EXAMPLE)
    assert settings.targets[0].name == "shop"
    assert settings.targets[0].host.memory == 16 * 1024**3
    assert settings.suppress[0].until is not None


def test_every_key_is_there_and_no_other() -> None:
    places = {place for place, _ in fields(Settings)}
    assert set(written(DEFAULT.sub("", TEXT))) == places
    assert set(written(TEXT)) == REQUIRED | EXAMPLES


def test_the_defaults_are_those_of_the_code(tmp_path: Path) -> None:
    """With every comment of a default taken away, the settings are the same as with none."""
    spelt = tmp_path / "spelt.toml"
    spelt.write_text(DEFAULT.sub("", TEXT), encoding="utf-8")
    assert load(spelt).model_dump() == load(EXAMPLE).model_dump()
    defaults = dict(fields(Settings))
    for place in set(defaults) - REQUIRED - EXAMPLES:
        value: Any = load(spelt)
        for step in place.split("."):
            value = getattr(value[0] if isinstance(value, tuple) else value, step)
        assert value == defaults[place], place


def test_every_key_is_explained() -> None:
    """The line before a key is a comment, or belongs to the comment of another key's section."""
    lines = TEXT.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?\w+ = ", line) and line != "min_age = 60":
            assert lines[number - 1].startswith("# "), line


def test_it_shows_each_section_once() -> None:
    sections = re.findall(r"^\[+[\w.-]+\]+$", TEXT, re.MULTILINE)
    assert len(sections) == len(set(sections))


def test_it_is_found_as_a_resource() -> None:
    assert resource("config.example.toml") == EXAMPLE
