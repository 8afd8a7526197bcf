"""Is one better, or is it noise? The mean difference of two strategies over the same intervals, with its error.

Intervals that follow each other resemble each other, so the plain standard error would be too small. The
variance of the mean is Newey and West's (Econometrica 55(3), 1987) with Bartlett weights up to lag
``floor(4 (n / 100)^(2/9))`` (their rule of 1994), and never below the plain one; 95 % intervals are Student's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EXACT_T = {1: 12.706, 2: 4.303, 3: 3.182}  # Student's 97.5 % quantile where the expansion below is too coarse
_Z = 1.959964


@dataclass(frozen=True)
class Difference:
    """How much better one is than the other; a positive gain is an improvement in any metric."""

    gain: float
    """Mean over intervals; NaN without an interval that both have."""
    error: float
    """Standard error of `gain`; NaN below two intervals."""
    num_intervals: int
    num_won: int
    """Intervals in which the first was strictly better."""

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % interval around `gain`."""
        return student_t(self.num_intervals - 1) * self.error if self.num_intervals > 1 else math.nan

    @property
    def verdict(self) -> str:
        """``"better"`` or ``"worse"`` when zero lies outside the 95 % interval, else ``"undecided"``."""
        if not abs(self.gain) > self.half_width:  # also when either is NaN
            return "undecided"
        return "better" if self.gain > 0 else "worse"

    def to_json(self) -> dict[str, Any]:
        """Return JSON values; what is unknown is None."""
        numbers = {"gain": self.gain, "error": self.error, "half_width": self.half_width}
        known = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
        return {**known, "num_intervals": self.num_intervals, "num_won": self.num_won, "verdict": self.verdict}


def paired(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], *, lower_is_better: bool = False
) -> Difference:
    """Compare two values per interval, ``[I]`` each; intervals where either is NaN do not count.

    >>> paired(np.array([0.7, 0.8, 0.7]), np.array([0.6, 0.6, 0.6])).num_won
    3
    """
    gains = (theirs - ours) if lower_is_better else (ours - theirs)
    gains = gains[np.isfinite(gains)]
    num = int(gains.size)
    gain = float(gains.mean()) if num else math.nan
    return Difference(gain, _standard_error(gains), num, int((gains > 0).sum()))


def student_t(degrees: int) -> float:
    """Return Student's 97.5 % quantile (Cornish and Fisher's expansion; within 0.01 of the tables)."""
    if degrees in _EXACT_T:
        return _EXACT_T[degrees]
    first = (_Z**3 + _Z) / 4
    second = (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96
    third = (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384
    return _Z + first / degrees + second / degrees**2 + third / degrees**3


def _standard_error(gains: NDArray[np.float64]) -> float:
    num = gains.size
    if num < 2:
        return math.nan
    centred = gains - gains.mean()
    plain = float(centred @ centred) / (num - 1)
    most = min(int(4 * (num / 100) ** (2 / 9)), num - 1)
    long_run = plain
    for lag in range(1, most + 1):
        long_run += 2 * (1 - lag / (most + 1)) * float(centred[lag:] @ centred[:-lag]) / num
    return math.sqrt(max(long_run, plain) / num)
