"""Every error Headwater raises on purpose says what is wrong, where, and what to do next.

    HeadwaterError
    ├── ConfigError        a key, value or import path in a configuration is wrong
    ├── CorruptError       bytes on disk are not the bytes that were written
    ├── LockedError        another process is writing here
    ├── StorageFullError   the disk is full; nothing half-written became visible
    ├── SamplesError       ingest, reading, deleting or compacting samples
    ├── TriggersError      a trigger policy's parameters or its input
    ├── SelectionError     a selection policy's parameters or its input
    ├── DataError          a dataset's graph, or a user function inside it
    ├── TrainerError       training, checkpoints, evaluation
    ├── ZooError           stored models, their deltas and lineage
    ├── LoopError          a run, its journal, resuming it
    └── WorkersError       a worker that could not be had, or died

A capability may refine its own error, also together with a general one:
``class SegmentCorrupt(SamplesError, CorruptError)``.
"""

from __future__ import annotations


class HeadwaterError(Exception):
    """Raised for anything a user can mend: a problem, the place, and the remedy.

    >>> print(HeadwaterError("every must be at least 1.", where="Amount(every=0)",
    ...                      remedy="To train on each arrival use every=1."))
    Amount(every=0): every must be at least 1. To train on each arrival use every=1.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(problem, where, remedy)
        self.problem = problem
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return " ".join(part for part in (place + self.problem, self.remedy) if part)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.problem, self.where, self.remedy)


def _rebuild(kind: type[HeadwaterError], problem: str, where: str, remedy: str) -> HeadwaterError:
    return kind(problem, where=where, remedy=remedy)


class ConfigError(HeadwaterError):
    """Raised when a configuration names an unknown key, a wrong value or a missing import path."""


class CorruptError(HeadwaterError):
    """Raised when a checksum or a length shows that stored bytes have changed."""


class LockedError(HeadwaterError):
    """Raised when another process holds the place that this one wants to write."""


class StorageFullError(HeadwaterError):
    """Raised when the disk is full; whatever was committed before stays readable."""


class SamplesError(HeadwaterError):
    """Raised by `headwater.samples`."""


class TriggersError(HeadwaterError):
    """Raised by `headwater.triggers`."""


class SelectionError(HeadwaterError):
    """Raised by `headwater.selection`."""


class DataError(HeadwaterError):
    """Raised by `headwater.data`."""


class TrainerError(HeadwaterError):
    """Raised by `headwater.trainer`."""


class ZooError(HeadwaterError):
    """Raised by `headwater.zoo`."""


class LoopError(HeadwaterError):
    """Raised by `headwater.loop`."""


class WorkersError(HeadwaterError):
    """Raised by `headwater.workers`."""
