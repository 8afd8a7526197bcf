"""Mostly what no model has seen, with a fixed share of what some have."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from headwater.core.errors import SelectionError
from headwater.core.scorer import Scorer
from headwater.selection.all import All
from headwater.selection.policy import Pick, Policy, draw
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, exactly


@dataclass(frozen=True)
class Freshness(Policy, kind="freshness"):
    """Chooses as much as it can in a fixed proportion of unused to used (Modyn's FreshnessSamplingStrategy).

    With U unused and V used samples, whichever of U/unused and V/(1-unused) is smaller is the total: one side
    is taken whole, the other at random. As long as nothing was used, everything is chosen.
    """

    unused: float = 0.8
    """The share of samples that no earlier selection held, between 0 and 1."""

    _: KW_ONLY
    limit: int | None = None
    """At most so many, in the same proportion."""

    within: Policy = field(default_factory=All)

    def __post_init__(self) -> None:
        if not 0 < self.unused < 1:
            raise SelectionError(
                "unused must lie between 0 and 1.",
                where=f"Freshness(unused={self.unused!r})",
                remedy="For new samples alone use New(), for all All().",
            )
        check_share("Freshness", fraction=None, limit=self.limit, is_needed=False)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return unused and used rows of what `within` picks."""
        inner = self.within.pick(pool, rng=rng, scorer=scorer)
        is_used = pool.last_used_round[inner.rows] >= 0
        unused, used = np.flatnonzero(~is_used), np.flatnonzero(is_used)
        num_unused, num_used = self._sizes(unused.size, used.size)
        fresh = unused[draw(rng, unused.size, num_unused)]
        return inner.narrow(np.concatenate((fresh, used[draw(rng, used.size, num_used)])))

    def _sizes(self, num_unused: int, num_used: int) -> tuple[int, int]:
        """Return how many unused and how many used ones to take."""
        limit = num_unused + num_used if self.limit is None else self.limit
        if num_used == 0:
            return min(num_unused, limit), 0
        share = exactly(self.unused)
        total = math.floor(min(num_unused / share, num_used / (1 - share)))
        unused_is_scarce = num_unused / share <= num_used / (1 - share)
        taken_unused = num_unused if unused_is_scarce else total - num_used
        if limit < total:
            total, taken_unused = limit, math.floor(limit * share)
        return taken_unused, total - taken_unused
