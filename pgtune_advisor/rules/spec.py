"""A rule as its file says it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pgtune_advisor.domain.findings import Applicability, Confidence, Phase, Severity
from pgtune_advisor.domain.units import parse_duration, parse_size

ParamUnit = Literal["", "bytes", "ms", "seconds", "days", "ratio", "rows", "transactions"]
ParamValue = float | int | bool | str
_SECONDS_PER: dict[str, float] = {"ms": 0.001, "seconds": 1.0, "days": 86_400.0}


class Section(BaseModel):
    """A part of a rule file; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Param(Section):
    """A threshold: its default, unit and meaning. Sizes and durations may be written as text."""

    default: ParamValue
    unit: ParamUnit = ""
    meaning: str = Field(min_length=1)

    def number(self, value: ParamValue) -> float:
        """The value in the parameter's unit. ValueError where the text is none of that unit."""
        if not isinstance(value, str):
            return float(value)
        if self.unit == "bytes":
            return float(parse_size(value))
        if self.unit in _SECONDS_PER:
            return parse_duration(value).total_seconds() / _SECONDS_PER[self.unit]
        return float(value)


class MessageSpec(Section):
    """Jinja templates over the facts of the row."""

    primary: str = Field(min_length=1)
    detail: str = ""
    hint: str = ""


class ChangeSpec(Section):
    """What to do: a kind that `advise` knows how to build, with its templates."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str
    title: str = ""


class Docs(Section):
    """The reference page: why it matters, how to mend it, where it may be wrong, sources."""

    why: str = Field(min_length=1)
    fix: str = Field(min_length=1)
    caveats: str = Field(min_length=1)
    references: tuple[str, ...] = ()


class RuleSpec(Section):
    """One rule: subject, condition or detector, evidence, change and words."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
    aliases: tuple[str, ...] = ()
    subject: str
    severity: Severity
    phase: Phase
    applicability: Applicability
    confidence: Confidence = "heuristic"
    when: str = ""
    critical_when: str = ""
    detector: str = ""
    evidence: tuple[str, ...] = Field(min_length=1)
    change: ChangeSpec
    message: MessageSpec
    params: Mapping[str, Param] = {}
    docs: Docs

    @model_validator(mode="after")
    def _one_way_to_decide(self) -> Self:
        if bool(self.when) == bool(self.detector):
            raise ValueError('a rule has either "when" or "detector"')
        for name, param in self.params.items():
            try:
                param.number(param.default)
            except ValueError as error:
                raise ValueError(f"params.{name}.default: {error}") from None
        return self


class Rule(BaseModel):
    """A rule with where it came from."""

    model_config = ConfigDict(frozen=True)

    spec: RuleSpec
    category: str
    path: Path
    is_custom: bool = False

    @property
    def id(self) -> str:
        return self.spec.id
