"""What came before: the other half of `New`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.core.scorer import Scorer
from headwater.selection.new import check_tail
from headwater.selection.policy import Pick, Policy
from headwater.selection.pool import Pool


@dataclass(frozen=True)
class Old(Policy, kind="old"):
    """Chooses exactly what ``New(tail)`` does not: ``arrived_round < round - tail``.

    ``Uniform(limit=5_000, within=Old())`` is a replay of the past.
    """

    tail: int = 0

    def __post_init__(self) -> None:
        check_tail("Old", self.tail, may_be_none=False)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:  # noqa: ARG002
        """Return the old rows."""
        return Pick.of(np.flatnonzero(pool.arrived_round < pool.round - self.tail))
