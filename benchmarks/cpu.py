"""Processor time of processes and all their children, the ended ones included."""

from collections.abc import Mapping

import psutil

CpuSeconds = Mapping[str, float]


def cpu_seconds(pids: Mapping[str, int]) -> CpuSeconds:
    """User and system time of each process tree so far, by name."""
    return {name: _of_tree(psutil.Process(pid)) for name, pid in pids.items()}


def _of_tree(root: psutil.Process) -> float:
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:  # its parent has reaped it, and counts it from now on
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def milliseconds_each(before: CpuSeconds, after: CpuSeconds, count: int) -> dict[str, float]:
    """What each part spent per thing done."""
    return {name: (after[name] - before[name]) * 1000 / count for name in before}
