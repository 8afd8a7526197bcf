"""Arrivals are the samples that became known, in the order of their event time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import TriggersError
from headwater.core.key import Keys, as_keys

Times: TypeAlias = NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Keys ``int64[N]`` with their event times ``datetime64[us][N]``, ascending in time.

    >>> arrivals = Arrivals.of([7, 3], ["2013-01-02", "2013-01-01"])
    >>> arrivals.keys, len(arrivals[:1])
    (array([3, 7]), 1)
    """

    keys: Keys
    times: Times

    @staticmethod
    def of(keys: Any, times: Any) -> Arrivals:
        """Sort by time, equal times by key; `times` may be anything numpy reads as dates."""
        flat, when = as_keys(keys), np.asarray(times, "datetime64[us]")
        if flat.shape != when.shape:
            raise TriggersError(f"{flat.size} keys but times of shape {when.shape}.", where="Arrivals")
        order = np.lexsort((flat, when))
        return Arrivals(flat[order], when[order])

    def __post_init__(self) -> None:
        if self.keys.shape != self.times.shape or self.keys.ndim != 1:
            problem = f"keys of shape {self.keys.shape} but times of shape {self.times.shape}."
        elif self.times.dtype != np.dtype("datetime64[us]"):
            problem = f"times must be datetime64[us], found {self.times.dtype}."
        elif bool(np.isnat(self.times).any()):
            problem = f"{int(np.isnat(self.times).sum())} event times are missing (NaT)."
        elif bool((self.times[1:] < self.times[:-1]).any()):
            problem = "times must ascend."
        else:
            return
        raise TriggersError(problem, where="Arrivals", remedy="Arrivals.of(keys, times) converts and sorts.")

    def __len__(self) -> int:
        return int(self.keys.size)

    def __getitem__(self, part: slice) -> Arrivals:
        # A slice of what was checked needs no check: composites slice once per evaluation.
        piece: Arrivals = object.__new__(Arrivals)
        object.__setattr__(piece, "keys", self.keys[part])
        object.__setattr__(piece, "times", self.times[part])
        return piece
