"""How far a training has come: all that must survive a kill so that going on changes no bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headwater.trainer.curve import Curve


@dataclass
class Progress:
    """The counters and places of a training; its tensors are kept beside them."""

    step: int = 0
    epoch: int = 0
    place: dict[str, Any] | None = None
    """Where in the epoch the next batch comes from; None is its start."""
    samples: int = 0
    seconds: float = 0.0
    setup_s: float = 0.0
    data_s: float = 0.0
    resumed: int = 0
    scale: dict[str, Any] = field(default_factory=dict)
    """The gradient scaler's state."""
    others: dict[str, Any] = field(default_factory=dict)
    """What the optimizer holds besides tensors."""
    curve: Curve = field(default_factory=Curve)

    def dump(self) -> dict[str, Any]:
        """Return JSON values that `load` takes back."""
        return {**vars(self), "curve": self.curve.dump()}

    @staticmethod
    def load(tree: Mapping[str, Any]) -> Progress:
        """Return what was dumped."""
        return Progress(**{**tree, "curve": Curve.load(tree["curve"])})
