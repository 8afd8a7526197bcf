"""What may be set about a loop beside its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater import trainer
from headwater.core.errors import LoopError
from headwater.core.unit import parse_duration_s


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a loop runs.

    >>> Options(max_rounds=1).seed
    0
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    seed: int = 0
    """Root of every seed stream: the same seed gives the same keys, batches, losses and models."""
    warm_start: bool = True
    """Train each model from the one before it; False starts from the factory's weights each time."""
    max_rounds: int | None = None
    """Stop training after this many rounds; the last model goes on serving (and being evaluated)."""
    metrics: tuple[str, ...] = ("accuracy", "auroc", "log_loss")
    matrix_every: str = "30d"
    """Length of the intervals of the model x interval matrix, in event time."""
    matrix_samples: int = 5_000
    """At most this many samples of an interval are scored for the matrix, drawn uniformly."""
    checkpoint_every_steps: int = 1_000
    """A killed training goes on from its last checkpoint; this many steps are lost at most."""
    overlap: bool = True
    """Evaluate on another thread while the next round goes on, where there is more than one core."""

    def __post_init__(self) -> None:
        if self.max_rounds is not None and self.max_rounds < 1:
            raise LoopError(
                f"max_rounds={self.max_rounds} leaves no round.", remedy="Leave it out for no limit."
            )
        nothing = trainer.Predictions(np.empty(0, np.int64), np.empty((0, 2), np.float32))
        trainer.measure(nothing, self.metrics)  # refuses an unknown metric, and says which there are
        if parse_duration_s(self.matrix_every) <= 0:
            raise LoopError(f"matrix_every={self.matrix_every!r} must be longer than nothing.")
