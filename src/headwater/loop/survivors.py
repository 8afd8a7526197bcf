"""A scorer for windows that remember keys: samples deleted since then are never asked for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater import samples
from headwater.core.errors import LoopError
from headwater.core.key import Keys, contains
from headwater.core.scorer import Scorer


class Survivors:
    """What a model thinks of the asked-for samples; a deleted one is stood in for by another of the same call.

    Enough for a distance between distributions, which is all that trigger policies take; selection is never
    shown this. Raised: `LoopError` when all samples of a call were deleted.
    """

    def __init__(self, scorer: Scorer, stream: samples.Samples) -> None:
        self._scorer = scorer
        self._there = stream.keys()

    @property
    def digest(self) -> str:
        """The model's digest."""
        return self._scorer.digest

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        """Class probabilities ``[N, C]``."""
        return self._scorer.probabilities(self._left(keys))

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        """Embeddings ``[N, D]``."""
        return self._scorer.embeddings(self._left(keys))

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        """Losses ``[N]``."""
        return self._scorer.losses(self._left(keys))

    def _left(self, keys: Keys) -> Keys:
        there = contains(keys, self._there)
        if there.all():
            return keys
        if not there.any():
            raise LoopError(
                f"all {len(keys):,} samples that a trigger's window remembers were deleted.",
                remedy="Start over with --fresh (fresh=True).",
            )
        left = keys.copy()
        left[~there] = np.resize(keys[there], int((~there).sum()))
        return left
