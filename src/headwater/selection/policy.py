"""A selection policy chooses keys and weights from a pool; it is a pure function.

    pool, rng, scorer ──▶ choose ──▶ Selection(keys, weights, why)

Members implement `pick`, which speaks of rows so that policies can wrap each other; `choose` adds the keys and
the reason. A pool is sorted by key, so the order of its rows never matters.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.registry import Registered
from headwater.core.scorer import Scorer
from headwater.core.selection import Selection
from headwater.selection.pool import Pool

Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pick:
    """Rows of a pool, ascending, with a weight each and what a reader should know."""

    rows: Rows
    weights: NDArray[np.float64]
    notes: tuple[str, ...] = ()

    @staticmethod
    def of(rows: NDArray[Any], *, notes: tuple[str, ...] = ()) -> Pick:
        """Rows of weight 1, in any order."""
        return Pick(np.sort(rows).astype(np.intp), np.ones(rows.size), notes)

    def narrow(self, rows: Rows, *, weights: Any = 1.0, notes: tuple[str, ...] = ()) -> Pick:
        """Keep those at `rows` of this pick, their weights times `weights`."""
        order = np.argsort(rows)
        heavy = np.broadcast_to(np.asarray(weights, np.float64), rows.shape)[order]
        kept = rows[order]
        return Pick(self.rows[kept], self.weights[kept] * heavy, self.notes + notes)

    def __len__(self) -> int:
        return int(self.rows.size)


class Policy(Registered, ABC, family="selection"):
    """Decides on which samples to train. Members are frozen dataclasses; their fields are their parameters."""

    @abstractmethod
    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return rows of `pool`. Pure but for `rng`, the only source of chance."""

    def choose(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None = None) -> Selection:
        """Return the keys to train on, their weights, and why; `scorer` is the newest model if there is one."""
        from headwater.core.config import to_family_tree

        picked = self.pick(pool, rng=rng, scorer=scorer)
        why = {
            "policy": to_family_tree(self),
            "round": int(pool.round),
            "num_pool": len(pool),
            "num_chosen": len(picked),
            "scorer": scorer.digest if scorer is not None else None,
            "notes": list(picked.notes),
        }
        return Selection(pool.keys[picked.rows], picked.weights.astype(np.float32), why)


def draw(rng: np.random.Generator, num: int, size: int) -> Rows:
    """Return `size` of the rows 0..num-1, each equally likely, without replacement, ascending."""
    return np.sort(rng.choice(num, size, replace=False, shuffle=False)).astype(np.intp)
