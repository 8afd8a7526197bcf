"""Memory and processor time of a process and everything it started, read from /proc (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


def rss_bytes(pid: int) -> int:
    """Resident memory summed over the tree of `pid`; pages that its processes share count once for each."""
    total = 0
    for member in members(pid):
        try:
            total += int(Path(f"/proc/{member}/statm").read_text().split()[1]) * _PAGE_BYTES
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return total


def cpu_s(pid: int) -> float:
    """User and system seconds of the tree of `pid` so far, also of children that ended and were waited for."""
    ticks = 0
    for member in members(pid):
        # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), of which the first two are cut off here.
        own, waited_for = _stat(member)[11:13], _stat(member)[13:15]
        ticks += sum(map(int, waited_for if member == os.getpid() else own + waited_for))
    # Ticks are 10 ms; where it can be had, something finer.
    return ticks / _TICKS_PER_S + (time.process_time() if pid == os.getpid() else 0.0)


def members(pid: int) -> list[int]:
    """`pid` and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208 - twenty times a second, beside what is measured
        if entry.isdigit():
            fields = _stat(int(entry))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, waiting = [], [pid]
    while waiting:
        at = waiting.pop()
        found.append(at)
        waiting += children.get(at, [])
    return found


def adopt_orphans() -> None:
    """Stay the ancestor of all processes started below, also of those whose own parent ends (Ray's do)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants(pid: int) -> None:
    """Kill what `pid` started and left running."""
    for member in members(pid):
        if member != pid:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, empty if there is no such process any more."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
