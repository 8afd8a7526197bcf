"""What one model said about many samples: one pass over the data, then metrics of any group of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import TrainerError
from headwater.core.key import Keys, as_keys, positions


@dataclass(frozen=True, eq=False)
class Predictions:
    """Columns of equal length, in the order the dataset gave them.

    >>> said = Predictions(keys=np.array([7, 3]), probabilities=np.array([[0.9, 0.1], [0.2, 0.8]], np.float32))
    >>> said.of([3]).probabilities
    array([[0.2, 0.8]], dtype=float32)
    """

    keys: Keys
    """Int64 ``[N]``; the running number where the batches carry no ``key``."""
    probabilities: NDArray[np.float32]
    """``[N, C]``; two columns for a binary model."""
    labels: NDArray[Any] | None = None
    """``[N]``, None when the batches carry no ``label``."""
    losses: NDArray[np.float32] | None = None
    """Loss of each sample by the trainer's loss, ``[N]``; None without labels."""

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, keys: Any) -> Predictions:
        """Return the rows of `keys`, in that order.

        Raised: `TrainerError` when a key has no prediction.
        """
        return self.rows(self.rows_of(keys))

    def rows(self, at: NDArray[np.intp]) -> Predictions:
        """Return the rows at these places."""
        return Predictions(
            keys=self.keys[at],
            probabilities=self.probabilities[at],
            labels=None if self.labels is None else self.labels[at],
            losses=None if self.losses is None else self.losses[at],
        )

    def rows_of(self, keys: Any) -> NDArray[np.intp]:
        """Return the places of `keys`."""
        order, sorted_keys = self._order
        wanted = as_keys(keys)
        at = positions(wanted, sorted_keys)
        missing = at < 0
        if missing.any():
            raise TrainerError(
                f"{int(missing.sum())} of {wanted.size} keys have no prediction, the first is "
                f"{int(wanted[missing][0])}.",
                remedy="The flow must keep the column `key` and every row: no .filter(), .take() or .skip().",
            )
        return np.asarray(order[at])

    @cached_property
    def _order(self) -> tuple[NDArray[np.intp], Keys]:
        order = np.argsort(self.keys, kind="stable")
        return order, self.keys[order]
