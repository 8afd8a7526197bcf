"""What has come lately."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headwater.core.errors import SelectionError
from headwater.core.scorer import Scorer
from headwater.selection.policy import Pick, Policy, draw
from headwater.selection.pool import Pool
from headwater.selection.share import check_share, num_of


@dataclass(frozen=True)
class New(Policy, kind="new"):
    """Chooses what arrived in the current round and the `tail` rounds before it (Modyn's NewDataStrategy).

    A sample arrives in the round that first could train on it: ``arrived_round >= round - tail``. Samples of
    earlier rounds are new only once; those chosen by nobody then are `Old` afterwards.
    """

    tail: int | None = 0
    """How many earlier rounds count as new; None: all of them."""

    limit: int | None = None
    """At most so many, drawn at random; for the newest use `Recent`."""

    def __post_init__(self) -> None:
        check_tail("New", self.tail, may_be_none=True)
        check_share("New", fraction=None, limit=self.limit, is_needed=False)

    def pick(self, pool: Pool, *, rng: np.random.Generator, scorer: Scorer | None) -> Pick:  # noqa: ARG002
        """Return the new rows, or a random part of them."""
        is_new = (
            np.ones(len(pool), np.bool_) if self.tail is None else pool.arrived_round >= pool.round - self.tail
        )
        new = Pick.of(np.flatnonzero(is_new))
        size = num_of(len(new), fraction=None, limit=self.limit)
        return new if size == len(new) else new.narrow(draw(rng, len(new), size))


def check_tail(where: str, tail: int | None, *, may_be_none: bool) -> None:
    """Raised: `SelectionError` unless `tail` counts rounds."""
    if tail is None and may_be_none:
        return
    if isinstance(tail, bool) or not isinstance(tail, int) or tail < 0:
        raise SelectionError(
            "tail must be a whole number of rounds, at least 0.",
            where=f"{where}(tail={tail!r})",
            remedy="0 is the current round alone, 3 adds the three before it.",
        )
