"""Several policies side by side in one selection."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from headwater.core.errors import SelectionError
from headwater.core.scorer import Scorer
from headwater.selection.policy import Pick, Policy
from headwater.selection.pool import Pool


@dataclass(frozen=True, init=False)
class Union(Policy, kind="union"):
    """Chooses what any of its parts chooses; a sample that several choose has the weight of the first.

    What is hard among the new, and a replay of the old::

        Union(Margin(0.5), Uniform(limit=5_000, within=Old()))
    """

    of: tuple[Policy, ...]

    weights: tuple[float, ...] = ()
    """One factor for each part's weights; left out, all are 1."""

    def __init__(self, *of: Policy, weights: tuple[float, ...] = ()) -> None:
        object.__setattr__(self, "of", of)
        object.__setattr__(self, "weights", tuple(weights))
        self.__post_init__()

    def __post_init__(self) -> None:
        strange = [part for part in self.of if not isinstance(part, Policy)]
        if strange or not self.of:
            raise SelectionError(
                f"{strange[0]!r} is not a selection policy." if strange else "at least one policy is needed.",
                where="Union",
                remedy="Write Union(Margin(0.5), Uniform(0.1)): each policy is an argument of its own.",
            )
        is_bad = any(not (math.isfinite(weight) and weight >= 0) for weight in self.weights)
        if is_bad or len(self.weights) not in (0, len(self.of)):
            raise SelectionError(
                f"one weight, at least 0, is needed for each of {len(self.of)} policies.",
                where=f"Union(weights={self.weights!r})",
                remedy="Leave weights out to count every sample once.",
            )

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return the rows of all parts, each row once."""
        parts = [part.pick(pool, rng=rng, scorer=scorer) for part in self.of]
        factors = self.weights or (1.0,) * len(parts)
        weights = np.concatenate([part.weights * factor for part, factor in zip(parts, factors)])
        rows, first = np.unique(np.concatenate([part.rows for part in parts]), return_index=True)
        notes = tuple(note for part in parts for note in part.notes)
        return Pick(rows, weights[first], notes)
