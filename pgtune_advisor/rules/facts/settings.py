"""Facts of settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pgtune_advisor.domain.findings import Subject
from pgtune_advisor.domain.server import Setting
from pgtune_advisor.rules.facts.base import Context, fact

_SETTINGS = "pg_settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingFacts:
    """One setting of the server."""

    KIND: ClassVar[str] = "setting"
    NEEDS: ClassVar[tuple[str, ...]] = ("settings",)

    setting: Setting
    name: str = fact("name", source=f"{_SETTINGS}.name")
    value: str = fact("value in the setting's unit", source=f"{_SETTINGS}.setting")
    context: str = fact("when a change takes effect", source=f"{_SETTINGS}.context")
    origin: str = fact("where the value comes from", source=f"{_SETTINGS}.source")
    pending_restart: bool = fact(
        "changed in a file, in effect after a restart", source=f"{_SETTINGS}.pending_restart"
    )

    def subject(self) -> Subject:
        return Subject(kind=self.KIND, label=self.name, name=self.name)

    @classmethod
    def build(cls, context: Context) -> Iterator[SettingFacts]:
        for setting in context.snapshot.settings:
            yield cls(
                setting=setting,
                name=setting.name,
                value=setting.value,
                context=setting.context,
                origin=setting.source,
                pending_restart=setting.pending_restart,
            )
