"""Kolmogorov-Smirnov: the largest gap between two empirical distributions, averaged over features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLUMNS = 64
"""Features sorted at a time, so that memory stays bounded for wide embeddings."""


def ks(ref_ND: NDArray[Any], cur_MD: NDArray[Any]) -> float:
    """Return the mean over features of the two-sample statistic sup|F_ref - F_cur|, between 0 and 1.

    >>> ks(np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]]))
    0.5
    """
    num_features = ref_ND.shape[1]
    pieces = [slice(start, start + _COLUMNS) for start in range(0, num_features, _COLUMNS)]
    total = sum((float(_statistics(ref_ND[:, at], cur_MD[:, at]).sum()) for at in pieces), 0.0)
    return total / float(num_features)


def _statistics(ref_ND: NDArray[Any], cur_MD: NDArray[Any]) -> NDArray[np.float64]:
    n, m = len(ref_ND), len(cur_MD)
    both = np.concatenate((ref_ND, cur_MD))
    order = np.argsort(both, axis=0, kind="stable")
    ascending = np.take_along_axis(both, order, axis=0)
    # In units of 1/(n·m) both distributions rise by whole numbers, so the gap is exact.
    gap = np.cumsum(np.where(order < n, m, -n), axis=0)
    # Between equal values neither distribution has a point: only the last of a run counts.
    is_last = np.vstack((ascending[1:] != ascending[:-1], np.ones((1, ascending.shape[1]), np.bool_)))
    return np.asarray(np.abs(np.where(is_last, gap, 0)).max(axis=0) / (n * m))
