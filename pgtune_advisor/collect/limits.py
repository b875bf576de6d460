"""Memory and processors that a process may use, from the files of /proc and /sys/fs/cgroup."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

Read = Callable[[str], str | None]
"""The content of a file, or None where it is missing or may not be read."""

_CGROUP: Final = "/sys/fs/cgroup"
_MEMINFO = re.compile(r"^MemTotal:\s+(\d+) kB", re.MULTILINE)
_PROCESSOR = re.compile(r"^processor\s*:", re.MULTILINE)
# cgroup v1 says "no limit" with a number near 2**63, cut to whole pages.
_NO_LIMIT: Final = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bytes of memory and number of processors; `*_from` names the file that said so."""

    memory_bytes: int | None = None
    memory_from: str = ""
    cpus: int | None = None
    cpus_from: str = ""


def read_limits(read: Read, process: str) -> Limits:
    """What `/proc/<process>` may use: the machine's, or less where a cgroup says so."""
    groups = _groups(read(f"/proc/{process}/cgroup") or "")
    memory = _smallest([*_machine_memory(read), *_memory_limits(read, groups)])
    cpus = _smallest([*_machine_cpus(read), *_cpu_limits(read, groups)])
    return Limits(
        memory_bytes=memory[0] if memory else None,
        memory_from=memory[1] if memory else "",
        cpus=cpus[0] if cpus else None,
        cpus_from=cpus[1] if cpus else "",
    )


def _smallest(found: list[tuple[int, str]]) -> tuple[int, str] | None:
    return min(found, key=lambda one: one[0]) if found else None


def _groups(text: str) -> dict[str, str]:
    """Controller → path of the group; the key "" is cgroup v2's single hierarchy."""
    groups: dict[str, str] = {}
    for line in text.splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        groups |= dict.fromkeys(controllers.split(","), path)
    return groups


def _chain(root: str, path: str) -> Iterator[str]:
    """The group's folder and those above it: each of them may limit.

    Inside a container the path may be that of the host, which is not visible: then only the root
    of what is visible exists, and the files of the others are missing.
    """
    parts = PurePosixPath("/" + path.strip("/"))
    for folder in (parts, *parts.parents):
        yield root + ("" if str(folder) == "/" else str(folder))


def _machine_memory(read: Read) -> Iterator[tuple[int, str]]:
    match = _MEMINFO.search(read("/proc/meminfo") or "")
    if match:
        yield int(match[1]) * 1024, "/proc/meminfo"


def _machine_cpus(read: Read) -> Iterator[tuple[int, str]]:
    count = len(_PROCESSOR.findall(read("/proc/cpuinfo") or ""))
    if count:
        yield count, "/proc/cpuinfo"


def _memory_limits(read: Read, groups: dict[str, str]) -> Iterator[tuple[int, str]]:
    files = [f"{folder}/memory.max" for folder in _chain(_CGROUP, groups.get("", ""))]
    if "memory" in groups:
        root = f"{_CGROUP}/memory"
        files += [f"{folder}/memory.limit_in_bytes" for folder in _chain(root, groups["memory"])]
    for path in files:
        text = (read(path) or "").strip()
        if text.isdigit() and int(text) < _NO_LIMIT:
            yield int(text), path


def _cpu_limits(read: Read, groups: dict[str, str]) -> Iterator[tuple[int, str]]:
    for folder in _chain(_CGROUP, groups.get("", "")):
        quota = (read(f"{folder}/cpu.max") or "").split()
        yield from _quota(quota, f"{folder}/cpu.max")
        yield from _cpuset(read, f"{folder}/cpuset.cpus.effective")
    if "cpu" in groups:
        for folder in _chain(f"{_CGROUP}/cpu", groups["cpu"]):
            files = (f"{folder}/cpu.cfs_quota_us", f"{folder}/cpu.cfs_period_us")
            quota = [(read(path) or "").strip() for path in files]
            yield from _quota(quota, files[0])
    if "cpuset" in groups:
        for folder in _chain(f"{_CGROUP}/cpuset", groups["cpuset"]):
            yield from _cpuset(read, f"{folder}/cpuset.effective_cpus")


def _quota(values: list[str], path: str) -> Iterator[tuple[int, str]]:
    """Whole processors of `quota period`, rounded up; "max" and -1 mean no limit."""
    if len(values) == 2 and values[0].isdigit() and values[1].isdigit() and int(values[1]):
        yield max(1, -(-int(values[0]) // int(values[1]))), path


def _cpuset(read: Read, path: str) -> Iterator[tuple[int, str]]:
    """The number of processors in a list such as `0-3,8`."""
    text = (read(path) or "").strip()
    if not re.fullmatch(r"\d+(-\d+)?(,\d+(-\d+)?)*", text):
        return
    spans = (part.split("-") for part in text.split(","))
    yield sum(int(span[-1]) - int(span[0]) + 1 for span in spans), path
