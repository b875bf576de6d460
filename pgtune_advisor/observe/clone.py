"""A recommended set of indexes, measured on a clone of the target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Final

from pgtune_advisor.domain.errors import TargetError, UsageError
from pgtune_advisor.domain.identifiers import qualified
from pgtune_advisor.domain.measurement import (
    Dropped,
    Identity,
    Measurement,
    Probe,
    Trial,
)
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.observe.scaffold import Scaffold
from pgtune_advisor.observe.stopwatch import OutOfTimeError, Stopwatch
from pgtune_advisor.observe.trying import Progress, Trying
from pgtune_advisor.pg.clone import BuildError, Clone
from pgtune_advisor.pg.errors import QueryError

__all__ = ["Identity", "Measurement", "Probe", "Trial", "measure"]

# What part of the deadline is over, at the latest, when a step ends.
_BEFORE: Final = 0.35
_BUILDS: Final = 0.70
# Tables that differ more in rows have other plans; of small ones any plan is quick.
_FAR: Final = 2.0
_SMALL: Final = 1_000


def _silent(_what: str, _done: int, _of: int) -> None: ...


def measure(
    dsn: str,
    trials: Sequence[Trial],
    probes: Sequence[Probe],
    *,
    target: Identity,
    allow_target: bool = False,
    deadline: float = 300.0,
    statement_timeout_ms: int = 30_000,
    runs: int = 3,
    keep: bool = False,
    clock: Callable[[], float] = monotonic,
    progress: Progress = _silent,
) -> Measurement:
    """Build the trials on the clone, run the probes before and after, and judge each trial.

    `deadline` is in seconds; taking down what was built comes on top. Unless `keep`, the clone
    is left as it was, but for newer statistics of tables with an index on expressions.
    UsageError where the clone must not be used, TargetError where it cannot be reached; what
    fails later is told by gaps.
    """
    began = clock()
    scaffold = Scaffold(lambda: Clone(dsn))
    watch = Stopwatch(scaffold=scaffold, clock=clock, limit_ms=statement_timeout_ms, until=began)
    trying = Trying(watch=watch, runs=runs, progress=progress)
    try:
        _admit(scaffold.clone, target, allow_target=allow_target)
        try:
            _work(trying, _of_this_database(trying, trials, target), probes, began, deadline)
        except TargetError as error:
            reason = f"{error.primary}; the rest was not measured"
            trying.gaps.append(Gap(source="clone", reason=reason, hint=error.hint))
    except BaseException:
        left = scaffold.clear()
        if left is not None:
            raise TargetError(left.reason, hint=left.hint) from None
        raise
    confirmed = [built for key, built in trying.standing.items() if key in trying.helped]
    left = scaffold.clear(confirmed if keep else ())
    trying.gaps += [left] if left else []
    return _outcome(trying, trials, [b.trial.id for b in confirmed], (clock() - began) * 1000)


def _admit(clone: Clone, target: Identity, *, allow_target: bool) -> None:
    """UsageError where the clone is the target's own server, or cannot be written."""
    here, recovering = clone.identity()
    if recovering:
        raise UsageError(
            "the clone is a standby, which cannot be written",
            hint="Promote it (pg_promote()), or measure on a copy that is a primary.",
        )
    if allow_target or not here.same_server(target):
        return
    if here.database == target.database:
        raise UsageError(
            "the clone is the target itself",
            detail=f"Both are database {here.database} of the server that started at"
            f" {here.started_at.isoformat(sep=' ', timespec='seconds')}.",
            hint="Give the DSN of a copy that nobody works with.",
        )
    raise UsageError(
        f"the clone is database {here.database} of the target's own server",
        detail="Building indexes and running statements there loads the target.",
        hint="Give the DSN of a copy on another server.",
    )


def _of_this_database(trying: Trying, trials: Sequence[Trial], target: Identity) -> list[Trial]:
    mine = [trial for trial in trials if trial.database == target.database]
    for trial in trials:
        if trial.database != target.database:
            detail = f"it is for database {trial.database}, of which this is no clone"
            _not_reached(trying, trial, detail)
    return mine


def _work(
    trying: Trying,
    trials: Sequence[Trial],
    probes: Sequence[Probe],
    began: float,
    deadline: float,
) -> None:
    watch = trying.watch
    watch.until = began + _BEFORE * deadline
    with suppress(OutOfTimeError):
        trying.run_before(sorted(probes, key=lambda probe: (-probe.weight, probe.id)))
    unrun = len(probes) - len(trying.before) - len(trying.gaps)
    trying.gaps += [_late(f"{unrun} statements were not run")] if unrun > 0 else []
    watch.until = began + _BUILDS * deadline
    for number, trial in enumerate(trials):
        trying.progress("build", number, len(trials))
        _build(trying, trial)
    watch.until = began + deadline
    try:
        trying.run_after(list(trying.before))
        trying.settle()
    except OutOfTimeError:
        trying.gaps.append(_late("not every index was judged"))


def _build(trying: Trying, trial: Trial) -> None:
    """Build one trial, or say why it does not stand."""
    if not any(one in trying.before for one in trial.statements or trying.before):
        _not_reached(trying, trial, "none of its statements could be run")
        return
    try:
        if not _carries_over(trying, trial):
            return
        built = trying.watch.scaffold.build(trial, trying.watch.left_ms())
    except OutOfTimeError:
        _not_reached(trying, trial, "the deadline passed before it was built")
    except BuildError as error:
        detail = " ".join(part for part in (error.primary, error.detail) if part)
        trying.dropped.append(Dropped(id=trial.id, reason="build-failed", detail=detail))
    except QueryError as error:
        _not_reached(trying, trial, f"its build did not succeed: {error.primary}")
    else:
        trying.standing[trial.id] = built
        trying.built[trial.id] = built


def _carries_over(trying: Trying, trial: Trial) -> bool:
    """Whether the clone has the table; a gap where it has far fewer or far more rows."""
    label = qualified(trial.schema, trial.table)
    parts = trying.watch.scaffold.clone.parts(trial.schema, trial.table)
    if not parts:
        _not_reached(trying, trial, f"the clone has no table {label}")
        return False
    rows = sum(part.rows for part in parts if part.kind != "p" and part.rows >= 0)
    reason, hint = "", ""
    if all(part.rows < 0 for part in parts):
        reason = f"{label} was never analysed on the clone, so its plans are no guide"
        hint = f"ANALYZE {label} on the clone, and measure again."
    elif trial.rows is not None and not _alike(rows, trial.rows):
        reason = (
            f"{label} has {rows:,.0f} rows on the clone and {trial.rows:,.0f} on the target:"
            " what was measured may not carry over"
        )
        hint = "Measure on a clone with the target's data."
    gap = Gap(source=f"clone:{label}", reason=reason, hint=hint)
    trying.gaps += [gap] if reason and gap not in trying.gaps else []
    return True


def _alike(here: float, there: float) -> bool:
    few, many = sorted((here, there))
    return many <= max(_FAR * few, _SMALL)


def _late(what: str) -> Gap:
    return Gap(
        source="clone",
        reason=f"{what} before the deadline",
        hint="Give the measurement more time.",
    )


def _not_reached(trying: Trying, trial: Trial, detail: str) -> None:
    trying.dropped.append(Dropped(id=trial.id, reason="not-reached", detail=detail))


def _outcome(
    trying: Trying, trials: Sequence[Trial], kept: Sequence[str], elapsed_ms: float
) -> Measurement:
    told = {*kept, *(one.id for one in trying.dropped)}
    for trial in trials:
        if trial.id not in told:
            _not_reached(trying, trial, "the measurement ended before it was judged")
    return Measurement(
        kept=tuple(kept),
        dropped=tuple(trying.dropped),
        probes={one: trying.measured(one) for one in trying.after},
        helped={key: users for key, users in trying.helped.items() if key in kept},
        size_bytes={key: built.size_bytes for key, built in trying.built.items()},
        build_ms={key: built.build_ms for key, built in trying.built.items()},
        gaps=tuple(trying.gaps),
        elapsed_ms=elapsed_ms,
    )
