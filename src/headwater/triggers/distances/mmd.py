"""Maximum mean discrepancy: how far apart two samples lie in the space of an RBF kernel.

Gretton et al., "A Kernel Two-Sample Test", JMLR 2012, lemma 6 (the unbiased estimate of MMD², which may be
slightly negative). Bandwidth by the median heuristic on the reference, as alibi-detect's GaussianRBF does:
sigma² is half the lower median of the squared distances between *different* reference samples.

    n, m   reference and current samples       D   their dimensions
    cost   O((n² + nm + m²) D) time, O(block²) memory: kernel values live for one block only
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bits = NDArray[np.uint32]

_BLOCK = 2_048
"""Rows of a block of distances: 16 MiB of float32. Few and large products, because a BLAS with several threads
loses more by starting them for small ones than the second-level cache gives."""


def mmd(ref_ND: NDArray[Any], cur_MD: NDArray[Any]) -> float:
    """Return the unbiased MMD² of `ref_ND` and `cur_MD`, each of at least two rows.

    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(3, 500, 8))
    >>> abs(mmd(x[0], x[1])) < 0.01 < 0.1 < mmd(x[0], x[2] + 1)
    True
    """
    # Distances do not change under a shift, but float32 keeps more digits of them near the origin.
    center = np.mean(ref_ND, axis=0, dtype=np.float64)
    ref, cur = _Rows(ref_ND - center), _Rows(cur_MD - center)
    gamma = 1.0 / _bandwidth(ref)
    n, m = len(ref), len(cur)
    between = sum((_kernel(block, gamma) for _, _, block in _blocks(ref, cur)), 0.0)
    return _within(ref, gamma) / (n * (n - 1)) + _within(cur, gamma) / (m * (m - 1)) - 2 * between / (n * m)


class _Rows:
    """float32 rows with their squared norms."""

    def __init__(self, rows: NDArray[Any]) -> None:
        self.rows: Floats = np.ascontiguousarray(rows, np.float32)
        self.squares: Floats = np.einsum("nd,nd->n", self.rows, self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def pairs(self) -> Iterator[Floats]:
        """The squared distance of each pair of different rows, once, in one or more flat pieces."""
        if len(self) <= _BLOCK:
            yield self._all_pairs
        else:
            yield from (_upper(i, j, block) for i, j, block in _blocks(self, self))

    @cached_property
    def _all_pairs(self) -> Floats:
        ((_, _, block),) = _blocks(self, self)
        return _upper(0, 0, block)


def _blocks(a: _Rows, b: _Rows) -> Iterator[tuple[int, int, Floats]]:
    """Squared distances block by block; of a matrix with itself only blocks on and above the diagonal."""
    for i in range(0, len(a), _BLOCK):
        for j in range(i if a is b else 0, len(b), _BLOCK):
            block = a.rows[i : i + _BLOCK] @ b.rows[j : j + _BLOCK].T
            block *= -2.0
            block += a.squares[i : i + _BLOCK, None]
            block += b.squares[None, j : j + _BLOCK]
            yield i, j, np.maximum(block, 0.0, out=block)


def _upper(i: int, j: int, block: Floats) -> Floats:
    """Return what lies above the diagonal of the whole matrix, flat."""
    if i != j:
        return block.reshape(-1)
    return np.concatenate([row[k + 1 :] for k, row in enumerate(block)])


def _kernel(squared: Floats, gamma: float) -> float:
    """Return the sum of exp(-gamma·d²): gamma is 1/(2·sigma²), hence 1/median."""
    values = squared.reshape(-1) * np.float32(-gamma)
    np.exp(values, out=values)
    return float(np.sum(values, dtype=np.float64))


def _within(x: _Rows, gamma: float) -> float:
    """Return the kernel's sum over all ordered pairs of different rows."""
    return 2.0 * sum((_kernel(pairs, gamma) for pairs in x.pairs()), 0.0)


def _bandwidth(ref: _Rows) -> float:
    """Return 2·sigma², the median squared distance - or the mean, where most rows are copies of each other.

    Copies are not exactly 0 apart in float32, and a bandwidth of rounding errors would see drift everywhere.
    """
    mean = 2.0 * float(ref.squares.sum(dtype=np.float64)) / (len(ref) - 1)
    median = _median(ref)
    return median if median > 1e-5 * mean else mean or 1.0


def _median(x: _Rows) -> float:
    """Return the lower median of the squared distances of different rows."""
    middle = (len(x) * (len(x) - 1) // 2 - 1) // 2
    if len(x) > _BLOCK:
        return _select(x, middle)
    (pairs,) = x.pairs()
    return float(np.partition(pairs, middle)[middle])


def _select(x: _Rows, rank: int) -> float:
    """Return the pair of `rank` in two passes over its bits: non-negative floats sort as their bits do."""
    high, rank = _bucket(x, rank, lambda bits: bits >> 16)
    low, _ = _bucket(x, rank, lambda bits: bits[bits >> 16 == high] & 0xFFFF)
    return float(np.array([high << 16 | low], np.uint32).view(np.float32)[0])


def _bucket(x: _Rows, rank: int, digit: Callable[[Bits], NDArray[Any]]) -> tuple[int, int]:
    """Return the 16-bit digit of the element of `rank`, and its rank among those that share it."""
    counts = np.zeros(1 << 16, np.int64)
    for pairs in x.pairs():
        counts += np.bincount(digit(pairs.view(np.uint32)), minlength=1 << 16)
    below = np.concatenate(([0], np.cumsum(counts)))
    bucket = int(np.searchsorted(below, rank, side="right")) - 1
    return bucket, rank - int(below[bucket])
