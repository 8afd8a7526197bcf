"""A random part in which every class has a fair share."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import SelectionError
from headwater.core.scorer import Scorer
from headwater.selection.all import All
from headwater.selection.policy import Pick, Policy, Rows, draw
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, num_of

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Balanced(Policy, kind="balanced"):
    """Chooses at random so that classes get equal shares, as far as they have samples.

    Modyn's LabelBalanced and TriggerBalanced presampling. What a small class leaves is shared among the
    larger ones; what does not divide goes to random classes, one sample each, so the size is exact.
    """

    by: Literal["label", "round"] = "label"
    """What makes a class: the label, or the round of arrival."""

    _: KW_ONLY
    fraction: float | None = None
    """Of `within`, rounded down, but at least one sample."""

    limit: int | None = None
    """At most so many. Give `fraction`, `limit`, or both."""

    within: Policy = field(default_factory=All)
    force_equal: bool = False
    """Whether every class gets as many as the smallest, even if that leaves room."""

    corrected: bool = False
    """Whether a chosen sample stands for those of its class left out: its class's N/k instead of 1."""

    def __post_init__(self) -> None:
        if self.by not in ("label", "round"):
            raise SelectionError(
                "a class is made by label or by round.",
                where=f"Balanced({self.by!r})",
                remedy="Write Balanced('label', limit=10_000).",
            )
        check_share("Balanced", fraction=self.fraction, limit=self.limit)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return a balanced part of what `within` picks."""
        inner = self.within.pick(pool, rng=rng, scorer=scorer)
        if len(inner) == 0:
            return inner
        classes = (pool.labels if self.by == "label" else pool.arrived_round)[inner.rows]
        groups = _groups(classes)
        sizes = np.array([group.size for group in groups])
        shares = self._shares(num_of(len(inner), fraction=self.fraction, limit=self.limit), sizes, rng)
        rows = [group[draw(rng, group.size, share)] for group, share in zip(groups, shares.tolist())]
        weights = [
            np.full(share, size / share if self.corrected else 1.0)
            for size, share in zip(sizes, shares)
            if share
        ]
        return inner.narrow(np.concatenate(rows), weights=np.concatenate(weights) if weights else 1.0)

    def _shares(self, capacity: int, sizes: Counts, rng: np.random.Generator) -> Counts:
        if self.force_equal:
            return np.full(sizes.size, min(capacity // sizes.size, int(sizes.min())))
        shares, left = fair_shares(capacity, sizes)
        hungry = np.flatnonzero(shares < sizes)
        shares[rng.permutation(hungry)[:left]] += 1
        return shares


def fair_shares(capacity: int, sizes: Counts) -> tuple[Counts, int]:
    """Fill all classes to the same level; return what each gets and what is left, less than one for each.

    >>> shares, left = fair_shares(30, np.array([2, 2, 100]))
    >>> shares.tolist(), left
    ([2, 2, 26], 0)
    """
    shares = np.zeros_like(sizes)
    is_open = np.ones(sizes.size, np.bool_)
    while is_open.any():
        level, left = divmod(capacity - int(shares.sum()), int(is_open.sum()))
        is_small = is_open & (sizes <= level)
        if not is_small.any():
            shares[is_open] = level
            return shares, left
        shares[is_small] = sizes[is_small]
        is_open &= ~is_small
    return shares, 0


def _groups(classes: NDArray[np.generic]) -> list[Rows]:
    """Return the rows of each class, in the order of the classes."""
    _, at, counts = np.unique(classes, return_inverse=True, return_counts=True)
    return np.split(np.argsort(at, kind="stable"), np.cumsum(counts)[:-1])
