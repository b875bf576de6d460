"""The configuration: TOML, then the environment, then the command line."""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from pgtune_advisor.domain.errors import ConfigError
from pgtune_advisor.domain.findings import Suppression
from pgtune_advisor.domain.redaction import redact
from pgtune_advisor.domain.server import Platform, Storage
from pgtune_advisor.domain.units import GB, MB, parse_duration, parse_size

_TABLES: Final = ("targets", "suppress")
DEFAULT_PATH = Path("/etc/pgtune-advisor/config.toml")

ENV_PREFIX: Final = "PGTUNE_ADVISOR__"


def _duration(value: object) -> object:
    try:
        return parse_duration(value) if isinstance(value, str) else value
    except OverflowError:
        raise ValueError(f"too long: {value!r}") from None


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Size = Annotated[int, BeforeValidator(lambda v: parse_size(v) if isinstance(v, str) else v)]


OptionalSize = Annotated[Size | None, BeforeValidator(lambda v: None if v == "" else v)]
"""A size; an empty text is none."""

PlannerChoice = Literal["auto", "hypopg", "shadow", "none"]

Names = Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)]
"""Several names, or one alone: `["a", "b"]` or `"*"`."""


class Section(BaseModel):
    """A part of the configuration; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DaemonSection(Section):
    """How often the daemon looks, and where it keeps what it learns."""

    interval: Duration = timedelta(seconds=60)
    slow_interval: Duration = timedelta(minutes=10)
    index_interval: Duration = timedelta(hours=1)
    state_dir: Path = Path("/var/lib/pgtune-advisor")

    @field_validator("interval", "slow_interval", "index_interval")
    @classmethod
    def _not_too_often(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(days=30):
            raise ValueError("must be at least 1s and at most 30d")
        return value


class MetricsSection(Section):
    """Where /metrics and /healthz listen; an empty text listens nowhere."""

    listen: str = "127.0.0.1:9877"

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if value and not (host and port.isascii() and port.isdigit() and int(port) < 65536):
            raise ValueError("must be host:port, for example 127.0.0.1:9877")
        return value


class HostSection(Section):
    """What the operator declares of the machine; it wins over what can be seen."""

    memory: Annotated[Size, Field(ge=1)] | None = None
    cpus: int | None = Field(default=None, ge=1)
    storage: Storage | None = None
    managed: Literal["auto"] | Platform = "auto"


class TargetSection(Section):
    """One server. `databases` empty means the one of the dsn, `*` all that can be entered.

    `index_budget` is in bytes a database; None is a share of its tables.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", max_length=63)
    dsn: str
    databases: Names = ()
    replicas: dict[str, str] = {}
    max_connections: int = Field(default=3, ge=1, le=100)
    planner: PlannerChoice = "auto"
    index_budget: OptionalSize = None
    index_deadline: Duration = timedelta(seconds=60)
    host: HostSection = HostSection()

    @field_validator("dsn")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if redact(value) != value:
            raise ValueError(
                "holds a password: use a libpq service or passfile, or systemd's LoadCredential"
            )
        return value

    @field_validator("index_budget")
    @classmethod
    def _room(cls, value: int | None) -> int | None:
        if value is not None and value < MB:
            raise ValueError("must be at least 1MB, or empty for half of the tables")
        return value

    @field_validator("index_deadline")
    @classmethod
    def _in_time(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=1) <= value <= timedelta(hours=1):
            raise ValueError("must be at least 1s and at most 1h")
        return value

    @field_validator("replicas")
    @classmethod
    def _no_secrets(cls, value: dict[str, str]) -> dict[str, str]:
        for dsn in value.values():
            cls._no_secret(dsn)
        return value


class RulesSection(Section):
    """Which rules run, with which parameters, and where the user's own lie."""

    disabled: tuple[str, ...] = ()
    params: dict[str, dict[str, float | int | str | bool]] = {}
    directory: Path = Path("/etc/pgtune-advisor/rules.d")
    sql_directory: Path = Path("/etc/pgtune-advisor/sql.d")


class SuppressSection(Section):
    """A finding that is known: by key or glob, why, until when (a day counts to its end)."""

    key: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    until: date | None = None

    def suppression(self) -> Suppression:
        end = None
        if self.until is not None:
            end = datetime.combine(self.until, time.max, tzinfo=UTC)
        return Suppression(key=self.key, reason=self.reason, until=end)


class PrivacySection(Section):
    """What may be kept of the statements' constants."""

    keep_literals: bool = False


class StoreSection(Section):
    """Where history is kept, for how long, and how large it may grow."""

    url: str = "sqlite"
    retention: Duration = timedelta(days=30)
    max_size: Size = 2 * GB

    @field_validator("retention")
    @classmethod
    def _not_at_once(cls, value: timedelta) -> timedelta:
        if not timedelta(hours=1) <= value <= timedelta(days=36500):
            raise ValueError("must be at least 1h and at most 36500d")
        return value

    @field_validator("max_size")
    @classmethod
    def _room(cls, value: int) -> int:
        if value < MB:
            raise ValueError("must be at least 1MB")
        return value

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value != "sqlite" and not value.startswith(("sqlite:///", "postgresql://")):
            raise ValueError("must be sqlite, sqlite:///path or postgresql://…")
        return TargetSection._no_secret(value)


class Settings(BaseSettings):
    """The whole configuration; environment variables are PGTUNE_ADVISOR__SECTION__KEY."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
    )

    daemon: DaemonSection = DaemonSection()
    metrics: MetricsSection = MetricsSection()
    targets: tuple[TargetSection, ...] = ()
    rules: RulesSection = RulesSection()
    suppress: tuple[SuppressSection, ...] = ()
    privacy: PrivacySection = PrivacySection()
    store: StoreSection = StoreSection()

    @field_validator("targets")
    @classmethod
    def _distinct_names(cls, value: tuple[TargetSection, ...]) -> tuple[TargetSection, ...]:
        names = [target.name for target in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two targets are named "{name}"')
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, toml_file=cls.model_config.get("toml_file"))
        return init_settings, env_settings, toml


def load(path: Path | None = None, **overrides: Any) -> Settings:
    """Read the configuration; without a path, the default file if it exists.

    Raises ConfigError with the place of each mistake and the nearest known key.
    """
    if path is None and DEFAULT_PATH.is_file():
        path = DEFAULT_PATH
    if path is not None:
        _readable(path)
    _known_variables()
    config = SettingsConfigDict(**{**Settings.model_config, "toml_file": path})
    model = type("Settings", (Settings,), {"model_config": config, "__module__": __name__})
    try:
        loaded: Settings = model(**overrides)
    except ValidationError as error:
        raise _config_error(path, error) from None
    except SettingsError as error:
        raise ConfigError(
            "the environment's configuration cannot be read",
            detail=str(error),
            hint='A list or a section is written as JSON there: ["a", "b"].',
        ) from None
    return loaded


def _variables() -> list[str]:
    return sorted(name for name in os.environ if name.upper().startswith(ENV_PREFIX))


def _known_variables() -> None:
    """ConfigError for a variable of no section: pydantic-settings looks only for those it knows."""
    for name in _variables():
        section = name[len(ENV_PREFIX) :].split("__")[0].lower()
        if section not in Settings.model_fields:
            near = get_close_matches(section, Settings.model_fields, 1)
            raise ConfigError(
                f"the environment variable {name} configures nothing",
                detail=f"There is no section {section}.",
                hint=f"Did you mean {ENV_PREFIX}{near[0].upper()}__…?" if near else "Unset it.",
            )


def _readable(path: Path) -> None:
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"the configuration file {path} cannot be read",
            detail=str(error.strerror),
            hint="Name another with --config; config.example.toml is one to begin with.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the configuration file {path} is not valid TOML",
            detail=str(error),
            hint="config.example.toml shows every key.",
        ) from None


def _config_error(path: Path | None, error: ValidationError) -> ConfigError:
    details, hints = [], []
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        place = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            details.append(f"{place}: unknown key")
            near = get_close_matches(str(item["loc"][-1]), _keys_at(Settings, item["loc"][:-1]), 1)
            hints += [f'did you mean "{near[0]}"?'] if near else []
        else:
            details.append(f"{place}: {_worded(item['type'], place, item['msg'])}")
    if variables := _variables():
        hints.append(f"The environment counts too: {', '.join(variables)}.")
    return ConfigError(
        f"the configuration{f' {path}' if path else ''} is not valid",
        detail="; ".join(details),
        hint=" ".join(hints) or "config.example.toml shows every key.",
    )


def _worded(kind: str, place: str, message: str) -> str:
    if kind == "tuple_type":
        return f"must be a list: write [[{place}]]" if place in _TABLES else "must be a list"
    return message.removeprefix("Value error, ")


def _keys_at(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys known at a place of the configuration."""
    for step in place:
        if isinstance(step, int) or step not in model.model_fields:
            continue
        annotation = model.model_fields[step].annotation
        inner = [a for a in (annotation, *get_args(annotation)) if isinstance(a, type)]
        model = next((a for a in inner if issubclass(a, BaseModel)), model)
    return list(model.model_fields)
