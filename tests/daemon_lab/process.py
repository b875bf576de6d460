"""A daemon under test: started, listened to, signalled, and never left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

TESTS = Path(__file__).resolve().parents[1]
# Long enough for a busy machine: nothing here is measured but by the test of the stop.
PATIENCE_S = 60.0


LAB: Final = ("-m", "daemon_lab.driver")
PRODUCT: Final = ("-m", "pgtune_advisor.cli.main", "daemon", "--debug", "--config")


class Daemon:
    """A process of daemon_lab.driver, or of the product itself.

    `records` are its log lines, `noise` the others.
    """

    def __init__(self, config: Path, *, program: Sequence[str] = LAB, **env: str) -> None:
        self.records: list[dict[str, Any]] = []
        self.noise: list[str] = []
        self._news = threading.Condition()
        paths = os.pathsep.join([str(TESTS.parent), str(TESTS)])
        self.process = subprocess.Popen(
            [sys.executable, *program, str(config)],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, "LAB_INTERVAL": "0.2", **env},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.ended()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._news:
                if line.startswith("{"):
                    self.records.append(json.loads(line))
                else:
                    self.noise.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    def matching(self, action: str, **fields: object) -> list[dict[str, Any]]:
        """The records of an action whose fields are as given."""
        with self._news:
            return [
                record
                for record in self.records
                if record.get("action") == action
                and all(record.get(key) == value for key, value in fields.items())
            ]

    def wait_for(self, action: str, *, count: int = 1, **fields: object) -> dict[str, Any]:
        """The count-th record of an action, once it is there."""
        with self._news:
            there = self._news.wait_for(
                lambda: (
                    len(self.matching(action, **fields)) >= count or not self._reader.is_alive()
                ),
                PATIENCE_S,
            )
        found = self.matching(action, **fields)
        assert there, f"no {action} {fields} among {self.told()}"
        assert len(found) >= count, f"ended without {action} {fields}: {self.told()}"
        return found[count - 1]

    def told(self) -> str:
        """All that it said, for a failing test."""
        return "\n".join([*map(str, self.records[-15:]), *self.noise])

    def ready(self) -> Self:
        """Once it has started."""
        self.wait_for("started")
        return self

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def ended(self, timeout_s: float = PATIENCE_S) -> int:
        """The exit code, once it has ended and all that it said was read."""
        code = self.process.wait(timeout_s)
        self._reader.join()
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of a page."""
        listen = self.matching("reloaded")[-1:] or self.matching("started")
        try:
            with urllib.request.urlopen(f"http://{listen[-1]['listen']}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def metric(self, series: str) -> float | None:
        """The value of a series such as `name{label="x"}`, or None where it is not there."""
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(f"{series} "):
                return float(line.rpartition(" ")[2])
        return None

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Until it is true, asked again with each line of the log."""
        with self._news:
            assert self._news.wait_for(true, PATIENCE_S), self.told()


def write_config(folder: Path, *targets: str, listen: str = "127.0.0.1:0", **daemon: str) -> Path:
    """A configuration for made-up targets, or `name=dsn` for real ones."""
    defaults = {"interval": "1s", "slow_interval": "5s", "state_dir": str(folder / "state")}
    lines = ["[daemon]", *(f'{key} = "{value}"' for key, value in (defaults | daemon).items())]
    lines += ["[metrics]", f'listen = "{listen}"']
    for target in targets:
        name, _, dsn = target.partition("=")
        dsn = json.dumps(dsn or f"lab={folder}")
        lines += ["[[targets]]", f'name = "{name}"', f"dsn = {dsn}"]
    config = folder / "config.toml"
    config.write_text("\n".join(lines) + "\n")
    return config
