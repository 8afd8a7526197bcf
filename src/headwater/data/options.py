"""How a dataset is run: what it may use and what is fixed. Nothing here changes which elements come out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from headwater.core.errors import DataError
from headwater.workers import usable_cores

Parallel: TypeAlias = Literal["auto", "inline", "threads", "processes"]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The defaults suit; each field is there to be fixed where one knows better.

    >>> Options(parallel="threads", num_workers=2).cores
    2
    """

    parallel: Parallel = "auto"
    """Where users' functions run: ``auto`` measures and decides, the others fix it for all operators."""

    num_workers: int | None = None
    """Cores to use; those this process may run on, if left out (affinity and the container's quota)."""

    ahead_bytes: int = 256 << 20
    """Memory for what an operator makes before it is asked for; one element is always made."""

    hold_bytes: int | None = None
    """Memory for what an operator must hold whole, such as a ``shuffle()`` without random access; half of what
    is free, if left out."""

    deterministic: bool = True
    """Whether the order is a function of graph and seed; if not, what is ready first comes first."""

    prefetch: bool = True
    """Whether the engine may work ahead of the consumer where that is measured to help."""

    rules: Collection[str] | None = None
    """Names of the rewrites that may be applied; all, if left out."""

    def __post_init__(self) -> None:
        if self.parallel not in get_args(Parallel):
            raise DataError(
                f"parallel={self.parallel!r} is none of {', '.join(get_args(Parallel))}.", where="Options"
            )
        if self.num_workers is not None and self.num_workers < 1:
            raise DataError("at least 1 worker is needed.", where=f"Options(num_workers={self.num_workers})")
        if self.ahead_bytes < 1:
            raise DataError("it must be positive.", where=f"Options(ahead_bytes={self.ahead_bytes})")

    @property
    def most_held_bytes(self) -> int:
        """How much an operator may hold."""
        return free_bytes() // 2 if self.hold_bytes is None else self.hold_bytes

    @property
    def cores(self) -> int:
        """How many workers are kept busy."""
        return self.num_workers or usable_cores()


def free_bytes() -> int:
    """The memory that is free now; 4 GiB where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return 4 << 30
