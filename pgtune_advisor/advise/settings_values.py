"""Values of settings: as people write them, within what the server takes."""

from __future__ import annotations

from collections.abc import Mapping

from pgtune_advisor.domain.changes import Needs, SetParameter
from pgtune_advisor.domain.server import Setting
from pgtune_advisor.domain.units import format_setting_bytes, parse_size, setting_factor

_BYTES = ("B", "kB", "MB", "GB", "TB")


def is_size(setting: Setting) -> bool:
    """Whether the setting counts bytes, in whatever unit."""
    return bool(setting.unit) and str(setting.unit).endswith(_BYTES)


def shown(setting: Setting, value: str | None = None) -> str:
    """The value as SHOW prints it: with its unit, special values as they are."""
    raw = setting.value if value is None else value
    if not setting.unit or setting.vartype not in ("integer", "real") or float(raw) <= 0:
        return raw
    if is_size(setting):
        return format_setting_bytes(int(float(raw) * setting_factor(setting.unit)))
    return f"{raw}{setting.unit}"


def needs(setting: Setting) -> Needs:
    """What makes a change of the setting take effect."""
    return "restart" if setting.context == "postmaster" else "reload"


def clamped(setting: Setting, value: str) -> str:
    """A size within the server's own limits; other values stay as they are."""
    if not is_size(setting):
        return value
    factor = setting_factor(setting.unit)
    size = float(parse_size(value))
    if setting.max_value is not None:
        size = min(size, float(setting.max_value) * factor)
    if setting.min_value is not None:
        size = max(size, float(setting.min_value) * factor)
    return format_setting_bytes(int(size))


def set_parameter(settings: Mapping[str, Setting], name: str, value: str) -> SetParameter | None:
    """The change that gives a setting its value; None where it has it, or is not known."""
    setting = settings.get(name)
    if setting is None:
        return None
    wanted = clamped(setting, value)
    current = shown(setting)
    if wanted == current:
        return None
    return SetParameter(
        name=name,
        value=wanted,
        current=current,
        previous=None if setting.in_auto_conf is False else current,
        needs=needs(setting),
    )
