"""Hellinger distance between histograms, averaged over features."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray


def hellinger(ref_ND: NDArray[Any], cur_MD: NDArray[Any]) -> float:
    """Return the mean over features of sqrt(1 - sum sqrt(p·q)), between 0 (equal) and 1 (disjoint).

    p and q are shares in equal bins over the range of both samples, as many as Sturges' rule gives for the
    number of distinct values of the feature in both (Evidently's `hellinger` for numbers).

    >>> hellinger(np.array([[0.0], [0.1]]), np.array([[5.0], [5.1]]))
    1.0
    """
    return float(np.mean([_distance(ref, cur) for ref, cur in zip(ref_ND.T, cur_MD.T)]))


def _distance(ref: NDArray[Any], cur: NDArray[Any]) -> float:
    values = np.unique(np.concatenate((ref, cur)))
    num_bins = math.ceil(math.log2(values.size)) + 1
    span = (float(values[0]), float(values[-1]))
    p = np.histogram(ref, num_bins, span)[0] / ref.size
    q = np.histogram(cur, num_bins, span)[0] / cur.size
    return math.sqrt(max(0.0, 1.0 - float(np.sqrt(p * q).sum())))
