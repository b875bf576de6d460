"""Memory and processors of a process, from files of /proc and /sys/fs/cgroup."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pgtune_advisor.collect.limits import Limits, read_limits

GB = 1024**3
MACHINE = {
    "/proc/meminfo": "MemTotal:       16777216 kB\nMemFree: 1 kB\n",
    "/proc/cpuinfo": "processor\t: 0\nmodel: x\n\nprocessor\t: 1\n\nprocessor\t: 2\n",
}


def limits(files: Mapping[str, str], process: str = "self") -> Limits:
    return read_limits(files.get, process)


def test_the_machine_where_nothing_limits() -> None:
    assert limits(MACHINE) == Limits(
        memory_bytes=16 * GB, memory_from="/proc/meminfo", cpus=3, cpus_from="/proc/cpuinfo"
    )


def test_nothing_known() -> None:
    assert limits({}) == Limits()


def test_the_smallest_limit_of_the_groups_above_wins() -> None:
    files = MACHINE | {
        "/proc/77/cgroup": "0::/system.slice/postgresql.service\n",
        "/sys/fs/cgroup/system.slice/postgresql.service/memory.max": "max\n",
        "/sys/fs/cgroup/system.slice/memory.max": f"{4 * GB}\n",
        "/sys/fs/cgroup/memory.max": f"{8 * GB}\n",
        "/sys/fs/cgroup/system.slice/postgresql.service/cpu.max": "150000 100000\n",
        "/sys/fs/cgroup/system.slice/cpu.max": "max 100000\n",
    }
    assert limits(files, "77") == Limits(
        memory_bytes=4 * GB,
        memory_from="/sys/fs/cgroup/system.slice/memory.max",
        cpus=2,
        cpus_from="/sys/fs/cgroup/system.slice/postgresql.service/cpu.max",
    )


def test_inside_a_container_the_root_is_its_own_group() -> None:
    files = MACHINE | {
        "/proc/self/cgroup": "0::/\n",
        "/sys/fs/cgroup/memory.max": f"{2 * GB}\n",
        "/sys/fs/cgroup/cpuset.cpus.effective": "0-1\n",
    }
    assert limits(files).memory_bytes == 2 * GB
    assert limits(files).cpus == 2


def test_the_path_of_the_host_is_missing_inside_a_container() -> None:
    files = MACHINE | {
        "/proc/self/cgroup": "0::/kubepods/pod1/abc\n",
        "/sys/fs/cgroup/memory.max": f"{2 * GB}\n",
    }
    assert limits(files).memory_bytes == 2 * GB


def test_cgroup_v1() -> None:
    files = MACHINE | {
        "/proc/self/cgroup": "9:cpuset:/x\n5:cpu,cpuacct:/docker/a\n3:memory:/docker/a\n0::/x\n",
        "/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes": f"{GB}\n",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us": "100000\n",
        "/sys/fs/cgroup/cpuset/x/cpuset.effective_cpus": "2\n",
    }
    assert limits(files) == Limits(
        memory_bytes=GB,
        memory_from="/sys/fs/cgroup/memory/docker/a/memory.limit_in_bytes",
        cpus=1,
        cpus_from="/sys/fs/cgroup/cpuset/x/cpuset.effective_cpus",
    )


@pytest.mark.parametrize(
    ("cpuset", "cpus"),
    [("0-3,8", 5), ("0", 1), ("", 64), ("all", 64), ("0-1,4-5", 4)],
)
def test_lists_of_processors(cpuset: str, cpus: int) -> None:
    files = {
        "/proc/cpuinfo": "processor : 0\n" * 64,
        "/sys/fs/cgroup/cpuset.cpus.effective": cpuset,
    }
    assert limits(files).cpus == cpus


@pytest.mark.parametrize(
    ("quota", "cpus"), [("50000 100000", 1), ("400000 100000", 4), ("max 100000", 64), ("5", 64)]
)
def test_a_part_of_a_processor_counts_as_one(quota: str, cpus: int) -> None:
    files = {"/proc/cpuinfo": "processor : 0\n" * 64, "/sys/fs/cgroup/cpu.max": quota}
    assert limits(files).cpus == cpus
