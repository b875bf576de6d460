"""Which of the indexes on a clone help, and which harm, by what the probes say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from pgtune_advisor.domain.measurement import Dropped, DropReason, Measured, Probe
from pgtune_advisor.domain.snapshot import Gap
from pgtune_advisor.domain.units import format_ms
from pgtune_advisor.observe.scaffold import Built
from pgtune_advisor.observe.stopwatch import Stopwatch
from pgtune_advisor.observe.verdicts import Series, compare, compare_blocks
from pgtune_advisor.pg.errors import QueryError

CONFIRMING_RUNS: Final = 5

Progress = Callable[[str, int, int], None]
"""What is done now, how much of it, of how much."""


@dataclass(slots=True, kw_only=True)
class Trying:
    """The state of a measurement: probes by id, indexes that stand by their trial's id."""

    watch: Stopwatch
    runs: int
    progress: Progress
    probes: dict[str, Probe] = field(default_factory=dict)
    before: dict[str, Series] = field(default_factory=dict)
    after: dict[str, Series] = field(default_factory=dict)
    standing: dict[str, Built] = field(default_factory=dict)
    built: dict[str, Built] = field(default_factory=dict)
    dropped: list[Dropped] = field(default_factory=list)
    helped: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def run_before(self, probes: Sequence[Probe]) -> None:
        """Each probe as the clone is, unless it is refused or fails."""
        for number, probe in enumerate(probes):
            self.progress("before", number, len(probes))
            try:
                reason = self.watch.refusal(probe)
                if reason is None:
                    self.before[probe.id] = self.watch.series(probe, self.runs)
                    self.probes[probe.id] = probe
            except QueryError as error:
                reason = f"it failed: {error.primary}"
            if reason is not None:
                self.gaps.append(_not_run(probe, reason))

    def run_after(self, ids: Iterable[str]) -> None:
        """Each probe with the indexes that stand."""
        wanted = [one for one in ids if one in self.probes]
        for number, one in enumerate(wanted):
            self.progress("after", number, len(wanted))
            self._measure(one)

    def settle(self) -> None:
        """Drop what harms, then what does not help, until neither is left."""
        while True:
            self._drop_harmful()
            idle = [one for one in self.standing.values() if not self._helps(one)]
            if not idle:
                return
            # The unused last: another's end may make one of them useful.
            idle.sort(key=lambda b: (bool(self._users(b)), b.size_bytes, b.name), reverse=True)
            self._drop_idle(idle[0])

    def _drop_idle(self, built: Built) -> None:
        users = self._users(built)
        mine = built.trial.statements or tuple(self.probes)
        if users:
            text = f"{len(users)} of the statements that were run use it and are no faster"
            self._drop([built], "no-help", text)
        elif all(one in self.after for one in mine):
            self._drop([built], "unused", f"no plan of {len(self.after)} statements uses it")
        else:
            self._drop([built], "not-reached", "not all of its statements could be run")

    def _drop_harmful(self) -> None:
        for one in sorted(self.after, key=lambda one: (-self.probes[one].weight, one)):
            while one in self.after and (harmful := self._harmful(one)):
                before, after = self._shown(one)
                detail = f"statement {one} went from {before} to {after} with it"
                self._drop(harmful, "made-slower", detail)

    def _harmful(self, one: str) -> list[Built]:
        """The indexes to blame for a probe that got slower, once a second round says so too."""
        used = self._used(one)
        if not used or compare(self.before[one], self.after[one]) != "slower":
            return []
        probe = self.probes[one]
        bare, full = self.watch.pairs(probe, CONFIRMING_RUNS, used)
        self.before[one], self.after[one] = bare, full
        if compare(bare, full) != "slower":
            return []
        if len(used) == 1:
            return used
        found = []
        for built in used:
            bare, full = self.watch.pairs(probe, self.runs, [built])
            if compare(full, bare) == "faster":
                found.append((bare.milliseconds(cpu=bare.has_cpu) or 0.0, built.name, built))
        return [min(found)[2]] if found else used

    def _helps(self, built: Built) -> bool:
        """Whether a statement is faster for it; the answer stays until its plans change."""
        if built.trial.id not in self.helped:
            users = [one for one in self._users(built) if self._is_help(built, one)]
            if users:
                self.helped[built.trial.id] = tuple(users)
        return built.trial.id in self.helped

    def _is_help(self, built: Built, one: str) -> bool:
        before, after = self.before[one], self.after[one]
        if compare(before, after) != "faster":
            return False
        alone = len(self._used(one)) == 1
        if alone and (before.timed_out or compare_blocks(before, after) == "faster"):
            return True
        bare, full = self.watch.pairs(self.probes[one], self.runs, [built])
        return compare(bare, full) == "faster"

    def _drop(self, harmful: Sequence[Built], reason: DropReason, detail: str) -> None:
        """Take indexes away for good, and run what used them again."""
        again: set[str] = set()
        for built in harmful:
            again.update(self._users(built))
            self.watch.scaffold.drop(built)
            del self.standing[built.trial.id]
            self.helped.pop(built.trial.id, None)
            self.dropped.append(Dropped(id=built.trial.id, reason=reason, detail=detail))
        for one in sorted(again):
            for key, users in list(self.helped.items()):
                if one in users:
                    del self.helped[key]
            self._measure(one)

    def _measure(self, one: str) -> None:
        try:
            self.after[one] = self.watch.series(self.probes[one], self.runs)
        except QueryError as error:
            self.after.pop(one, None)
            self.gaps.append(_not_run(self.probes[one], f"it failed: {error.primary}"))

    def _used(self, one: str) -> list[Built]:
        names = self.after[one].indexes
        return [built for built in self.standing.values() if built.names & names]

    def _users(self, built: Built) -> list[str]:
        return sorted(one for one, series in self.after.items() if built.names & series.indexes)

    def _shown(self, one: str) -> tuple[str, str]:
        found = self.measured(one)
        times = [found.before_ms, found.after_ms]
        texts = [format_ms(ms) if ms is not None else "its time limit" for ms in times]
        blocks = [found.blocks_before, found.blocks_after]
        shown = [
            f"{text} ({count:,.0f} blocks)" if count is not None else text
            for text, count in zip(texts, blocks, strict=True)
        ]
        return shown[0], shown[1]

    def measured(self, one: str) -> Measured:
        """The figures of a probe that was run before and after."""
        before, after, probe = self.before[one], self.after[one], self.probes[one]
        cpu = all(series.has_cpu or series.timed_out for series in (before, after))
        return Measured(
            query_id=probe.query_id,
            weight=probe.weight,
            before_ms=before.milliseconds(cpu=cpu),
            after_ms=after.milliseconds(cpu=cpu),
            blocks_before=before.blocks,
            blocks_after=after.blocks,
            runs=min(len(before.runs), len(after.runs)),
            cpu=cpu,
            timed_out_before=before.timed_out,
            timed_out_after=after.timed_out,
        )


def _not_run(probe: Probe, reason: str) -> Gap:
    return Gap(
        source=f"probe:{probe.id}",
        reason=f"the statement was not run on the clone: {reason}",
    )
