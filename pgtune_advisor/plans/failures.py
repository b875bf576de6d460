"""Why a statement could not be planned: a reason with a name, for the report."""

from __future__ import annotations

from typing import Literal

from pgtune_advisor.domain.errors import AdvisorError

FailureReason = Literal[
    "cannot-prepare",
    "plan-timeout",
    "plan-denied",
    "plan-locked",
    "object-missing",
    "plan-failed",
    "planner-lost",
]


class PlanError(AdvisorError):
    """A statement could not be planned.

    `cannot-prepare`: the server does not accept the text. `object-missing`: it names something
    that is not there (any more), or a temporary table. `planner-lost`: the planner itself is gone.
    """

    def __init__(
        self, reason: FailureReason, primary: str, *, detail: str = "", hint: str = ""
    ) -> None:
        super().__init__(primary, detail=detail, hint=hint)
        self.reason = reason
