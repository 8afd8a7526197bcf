"""A scorer says what one model thinks of samples; selection and drift ask it, the trainer answers."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from headwater.core.key import Keys


@runtime_checkable
class Scorer(Protocol):
    """One model over one source. Row i of every answer belongs to ``keys[i]``."""

    @property
    def digest(self) -> str:
        """The model's digest, so that answers can be cached by (key, digest)."""
        ...

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        """Class probabilities, ``[N, C]``, each row summing to one; a binary model gives two columns."""
        ...

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        """Activations before the last layer, ``[N, D]``."""
        ...

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        """Loss of each sample against its label, ``[N]``."""
        ...
