"""Everything that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.core.scorer import Scorer
from headwater.selection.policy import Pick, Policy
from headwater.selection.pool import Pool


@dataclass(frozen=True)
class All(Policy, kind="all"):
    """Chooses every sample of the pool."""

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:  # noqa: ARG002
        """Return all rows."""
        return Pick.of(np.arange(len(pool)))
