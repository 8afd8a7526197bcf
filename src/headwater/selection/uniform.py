"""A random part."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

import numpy as np

from headwater.core.scorer import Scorer
from headwater.selection.all import All
from headwater.selection.policy import Pick, Policy, draw
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, num_of


@dataclass(frozen=True)
class Uniform(Policy, kind="uniform"):
    """Chooses at random without replacement, each sample of `within` equally likely (Modyn's Random)."""

    fraction: float | None = None
    """Of `within`, rounded down, but at least one sample."""

    _: KW_ONLY
    limit: int | None = None
    """At most so many. Give `fraction`, `limit`, or both."""

    within: Policy = field(default_factory=All)
    corrected: bool = False
    """Whether a chosen sample stands for those left out: weight N/k instead of 1. On its own that changes
    nothing where losses are divided by the sum of weights; in a `Union` it keeps the parts' true sizes."""

    def __post_init__(self) -> None:
        check_share("Uniform", fraction=self.fraction, limit=self.limit)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return a random part of what `within` picks."""
        inner = self.within.pick(pool, rng=rng, scorer=scorer)
        size = num_of(len(inner), fraction=self.fraction, limit=self.limit)
        weight = len(inner) / size if self.corrected and size else 1.0
        return inner.narrow(draw(rng, len(inner), size), weights=weight)
