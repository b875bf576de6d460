"""The daemon as a process, on targets that behave as a file says.

`python -m daemon_lab.driver CONFIG`. A target's dsn is `lab=FOLDER` for a made-up one, whose
behaviour is the word in FOLDER/NAME: ok, down, hang (until cancelled), stuck (for ever), big,
broken (the judgement fails), crash (it fails as it must not); FOLDER/NAME.findings lists what is
found. Any other dsn is that of a real server.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

from daemon_lab import facts
from daemon_lab.server_collector import ServerCollector
from pgtune_advisor import logs
from pgtune_advisor.daemon import CollectorLike, Wiring, run
from pgtune_advisor.daemon.schedule import Schedule
from pgtune_advisor.domain.errors import AdvisorError, TargetError, UsageError
from pgtune_advisor.domain.proposals import IndexAdvice
from pgtune_advisor.domain.recommendations import Report
from pgtune_advisor.domain.snapshot import Snapshot
from pgtune_advisor.domain.window import Window
from pgtune_advisor.settings import Settings, TargetSection, load


class LabCollector:
    """A target that behaves as its file says."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._cancelled = threading.Event()

    def full(self, *, values: bool = False) -> Snapshot:
        del values
        return self._collect()

    def fast(self) -> Snapshot:
        return self._collect()

    def ping(self) -> None:
        if self._behaviour() == "down":
            raise TargetError(f"{self._name} refuses connections", detail="lab", hint="wait")

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        pass

    def _behaviour(self) -> str:
        file = self._folder / self._name
        return file.read_text().strip() if file.exists() else "ok"

    def _collect(self) -> Snapshot:
        behaviour = self._behaviour()
        self.ping()
        if behaviour == "stuck":
            threading.Event().wait()
        if behaviour == "hang" and self._cancelled.wait():
            self._cancelled.clear()
            raise TargetError(f"the query on {self._name} was cancelled")
        taken = facts.snapshot(target=self._name, texts=[(1, "SELECT 1")])
        if behaviour == "big":
            texts = [(n, os.urandom(500).hex()) for n in range(200)]
            taken = facts.snapshot(target=self._name, texts=texts, filler=os.urandom(100_000).hex())
        return replace(taken, taken_at=datetime.now(UTC))


def collector(target: TargetSection) -> CollectorLike:
    if target.dsn.startswith("lab="):
        return LabCollector(Path(target.dsn.removeprefix("lab=")), target.name)
    return ServerCollector(target)


def evaluate(settings: Settings) -> Wiring:
    """A judgement that finds what the target's file says, but for what is disabled."""
    if "bad-rule" in settings.rules.disabled:
        raise UsageError("the rule bad-rule is not valid", detail="lab", hint="lab")

    def judge(snapshot: Snapshot, window: Window, full: bool, advice: IndexAdvice | None) -> Report:
        del window, full, advice
        folders = [Path(t.dsn[4:]) for t in settings.targets if t.name == snapshot.target]
        behaviour = _read(folders[0] / snapshot.target)
        if behaviour == "broken":
            raise UsageError("the rules cannot be applied", detail="lab", hint="lab")
        if behaviour == "crash":
            raise ZeroDivisionError("lab")
        labels = _read(folders[0] / f"{snapshot.target}.findings").split()
        found = [facts.finding(label) for label in labels if label not in settings.rules.disabled]
        made = [facts.recommendation(f.subject.label, [f.key]) for f in found]
        return facts.report(snapshot.taken_at, found, made, target=snapshot.target)

    return Wiring(collector=collector, evaluate=judge, publish=publish)


def publish(report: Report, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    ids = sorted(item.id for item in report.recommendations)
    (folder / "ids").write_text(" ".join(ids))


def _read(file: Path) -> str:
    return file.read_text().strip() if file.is_file() else ""


def configured() -> Settings:
    """The configuration, with intervals shorter than it allows where LAB_INTERVAL is given."""
    settings = load(Path(sys.argv[1]))
    if seconds := os.environ.get("LAB_INTERVAL"):
        interval = timedelta(seconds=float(seconds))
        times = {"interval": interval, "slow_interval": 5 * interval}
        settings = settings.model_copy(update={"daemon": settings.daemon.model_copy(update=times)})
    return settings


def pause_on_usr1() -> None:
    """Let SIGUSR1 pause the scheduler, as if its thread had died."""
    schedules: list[Schedule] = []
    start = Schedule.start

    def remember(self: Schedule) -> None:
        schedules.append(self)
        start(self)

    def pause(_number: int, _frame: FrameType | None) -> None:
        schedules[0]._scheduler.pause()
        logs.log(logging.getLogger("pgtune_advisor"), logging.INFO, "", action="scheduler_paused")

    Schedule.start = remember  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, pause)


def main() -> int:
    logs.configure(logging.DEBUG)
    pause_on_usr1()
    try:
        return run(configured, evaluate)
    except AdvisorError as error:
        sys.stderr.write("\n".join(error.lines()) + "\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
