"""Memory and CPU of a system: the process that was started and all that it started."""

from __future__ import annotations

from pathlib import Path

import psutil
from msgspec import Struct


class Memory(Struct, frozen=True):
    """In MiB. `rss` counts what processes share once for each; `pss` divides it among them, and is None where the
    kernel does not tell."""

    rss: float
    pss: float | None
    processes: int


def tree(pid: int) -> list[psutil.Process]:
    """The process and everything below it."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def memory(pid: int) -> Memory:
    """What the tree of `pid` occupies now."""
    rss, pss, count = 0.0, 0.0, 0
    known = True
    for process in tree(pid):
        try:
            rss += process.memory_info().rss
            pss += _pss(process.pid)
            count += 1
        except psutil.NoSuchProcess:
            continue
        except (OSError, StopIteration):
            known = False
    return Memory(rss / 2**20, pss / 2**20 if known else None, count)


def _pss(pid: int) -> int:
    """Bytes; OSError or StopIteration where the kernel does not tell."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Pss:"))) * 1024


def cpu(pid: int) -> float:
    """Seconds of CPU that the tree of `pid` has taken, including what it has waited for."""
    total = 0.0
    for process in tree(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def machine_cpu() -> float:
    """Seconds of CPU that the whole machine was busy since it started, or was taken from it."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
