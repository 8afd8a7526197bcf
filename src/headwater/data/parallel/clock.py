"""How long a thread wanted a core: what it computed, and what it waited for its turn on a busy machine."""

from __future__ import annotations

import time
from pathlib import Path

_STATISTICS = Path("/proc/thread-self/schedstat")
_TOLD = _STATISTICS.exists()


def wanted_s() -> float:
    """Seconds for which this thread had a core or stood in the queue for one, but did not sleep or wait.

    By wall and CPU time alone, a thread that is kept from its core by other programs looks as if it waited for
    a disk. Linux tells both apart; elsewhere it is the CPU time.
    """
    if not _TOLD:
        return time.thread_time()
    running_ns, queued_ns, _ = _STATISTICS.read_bytes().split()
    return (int(running_ns) + int(queued_ns)) / 1e9
