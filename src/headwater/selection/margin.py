"""Where the newest model is least sure between its two best answers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import SelectionError
from headwater.core.key import Keys
from headwater.core.scorer import Scorer
from headwater.selection.new import New
from headwater.selection.policy import Pick, Policy
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, num_of


@dataclass(frozen=True)
class Margin(Policy, kind="margin"):
    """Chooses the samples with the smallest difference of the two largest probabilities.

    Scheffer, Decomain and Wrobel, "Active Hidden Markov Models for Information Extraction", IDA 2001; the
    Uncertainty/Margin of Modyn. Equal margins go by key, the smaller first. Before the first model everything
    of `within` is chosen, and the selection's `why` says so.
    """

    fraction: float | None = None
    """Of `within`, rounded down, but at least one sample."""

    _: KW_ONLY
    limit: int | None = None
    """At most so many. Give `fraction`, `limit`, or both."""

    within: Policy = field(default_factory=New)

    def __post_init__(self) -> None:
        check_share("Margin", fraction=self.fraction, limit=self.limit)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:
        """Return the least certain rows of what `within` picks."""
        inner = self.within.pick(pool, rng=rng, scorer=scorer)
        everything = np.arange(len(inner))
        if len(inner) == 0:
            return inner
        if scorer is None:
            return inner.narrow(everything, notes=("margin: there is no model yet, so everything was chosen",))
        margins = _margins(scorer, pool.keys[inner.rows])
        size = num_of(len(inner), fraction=self.fraction, limit=self.limit)
        # Rows ascend by key, and a stable sort keeps that order among equal margins.
        return inner.narrow(np.argsort(margins, kind="stable")[:size])


def _margins(scorer: Scorer, keys: Keys) -> NDArray[Any]:
    probabilities = np.asarray(scorer.probabilities(keys))
    if probabilities.ndim != 2 or len(probabilities) != keys.size or probabilities.shape[1] < 2:
        raise SelectionError(
            f"the model's probabilities for {keys.size} keys have shape {probabilities.shape}.",
            where="Margin",
            remedy="One row for each key and two or more columns are expected.",
        )
    if not bool(np.isfinite(probabilities).all()):
        raise SelectionError(
            "some of the model's probabilities are not finite.",
            where="Margin",
            remedy="Training has probably diverged: lower the learning rate or clip gradients.",
        )
    best = np.partition(probabilities, -2, axis=1)[:, -2:]
    return np.asarray(best[:, 1] - best[:, 0])
