"""Errors in three parts, as PostgreSQL words its own: the fact, the detail, the hint."""

from __future__ import annotations

from typing import ClassVar


class AdvisorError(Exception):
    """The advisor could not do what was asked."""

    exit_code: ClassVar[int] = 3

    def __init__(self, primary: str, *, detail: str = "", hint: str = "") -> None:
        super().__init__(primary)
        self.primary = primary
        self.detail = detail
        self.hint = hint

    def lines(self) -> list[str]:
        """The message as it is printed: one line a part, empty parts left out."""
        parts = [f"error: {self.primary}"]
        if self.detail:
            parts.append(f"detail: {self.detail}")
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return parts


class UsageError(AdvisorError):
    """A command line or a file that the user wrote is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """The configuration is wrong."""


class RuleError(UsageError):
    """A rule or a collection query is wrong."""


class SnapshotError(UsageError):
    """A snapshot file cannot be read."""


class OutputError(UsageError):
    """What was to be written could not be written."""


class TargetError(AdvisorError):
    """The target could not be reached or read."""

    exit_code = 3


class ClusterError(AdvisorError):
    """A private PostgreSQL cluster could not be made or run."""

    exit_code = 3
