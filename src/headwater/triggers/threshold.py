"""When is a distance drift? A fixed number, or one derived from the distances before it (Modyn §3.3)."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import KW_ONLY, dataclass

import numpy as np

from headwater.core.errors import TriggersError
from headwater.core.registry import Registered


@dataclass(frozen=True)
class Decision:
    """Whether it is drift, against which number, and the distances remembered from now on."""

    fired: bool
    threshold: float | None
    history: tuple[float, ...]


class Threshold(Registered, ABC, family="triggers.threshold"):
    """Decides on one distance, knowing those before it."""

    past: int

    @abstractmethod
    def decide(self, history: tuple[float, ...], distance: float) -> Decision:
        """Return the decision on `distance`. Pure."""


@dataclass(frozen=True)
class Static(Threshold, kind="static"):
    """Drift is a distance of `at` or more.

    >>> Static(0.05).decide((), 0.05).fired
    True
    """

    at: float

    past = 0

    def __post_init__(self) -> None:
        if not math.isfinite(self.at):
            raise TriggersError(
                "at must be a finite number.",
                where=f"Static(at={self.at!r})",
                remedy="For mmd 0.05 is usual.",
            )

    def decide(self, history: tuple[float, ...], distance: float) -> Decision:  # noqa: ARG002
        """Compare with `at`."""
        return Decision(distance >= self.at, self.at, ())


@dataclass(frozen=True)
class Quantile(Threshold, kind="quantile"):
    """Drift is a distance above all but the largest share `quantile` of the last `past` ones.

    The threshold is their (1 - quantile)-quantile, linearly interpolated. Without a past everything is drift.

    >>> Quantile(0.5).decide((1.0, 2.0, 3.0), 2.5)
    Decision(fired=True, threshold=2.0, history=(1.0, 2.0, 3.0, 2.5))
    """

    quantile: float = 0.05
    _: KW_ONLY
    past: int = 10

    def __post_init__(self) -> None:
        where = f"Quantile(quantile={self.quantile!r}, past={self.past!r})"
        if not 0 < self.quantile < 1:
            raise TriggersError(
                "quantile must lie between 0 and 1.", where=where, remedy="0.05 fires on the largest 5 %."
            )
        _check_past(self.past, where)

    def decide(self, history: tuple[float, ...], distance: float) -> Decision:
        """Compare with the quantile of the history, then remember `distance`."""
        after = _remember(history, distance, self.past)
        if not history:
            return Decision(True, None, after)
        threshold = float(np.quantile(history, 1 - self.quantile))
        return Decision(distance > threshold, threshold, after)


@dataclass(frozen=True)
class Rolling(Threshold, kind="rolling"):
    """Drift is a distance that exceeds the mean of the last `past` ones by `deviation`.

    `deviation` is a share of that mean, or an amount when `absolute`. A share means little where distances
    lie around zero, as MMD's do: use ``absolute=True`` there. Without a past everything is drift.

    >>> Rolling(0.5).decide((1.0, 3.0), 3.0)
    Decision(fired=True, threshold=3.0, history=(1.0, 3.0, 3.0))
    """

    deviation: float = 0.05
    _: KW_ONLY
    absolute: bool = False
    past: int = 10

    def __post_init__(self) -> None:
        where = f"Rolling(deviation={self.deviation!r}, past={self.past!r})"
        if not (math.isfinite(self.deviation) and self.deviation >= 0):
            raise TriggersError("deviation must be a number, at least 0.", where=where, remedy="0.05 is usual.")
        _check_past(self.past, where)

    def decide(self, history: tuple[float, ...], distance: float) -> Decision:
        """Compare with the mean of the history, then remember `distance`."""
        after = _remember(history, distance, self.past)
        if not history:
            return Decision(True, None, after)
        mean = float(np.mean(history))
        excess = self.deviation if self.absolute else self.deviation * mean
        return Decision(distance - mean >= excess, mean + excess, after)


def _remember(history: tuple[float, ...], distance: float, past: int) -> tuple[float, ...]:
    return (*history, distance)[-past:]


def _check_past(past: int, where: str) -> None:
    if isinstance(past, bool) or not isinstance(past, int) or past < 1:
        raise TriggersError("past must be a whole number, at least 1.", where=where, remedy="10 is usual.")
