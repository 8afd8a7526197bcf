"""A loss curve that stays small however long the training: neighbouring points merge when there are many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.trainer.training import Point

_MOST = 256  # points; a plot is rarely wider, and the metadata stays below 10 kB


class Curve:
    """Mean losses of equal runs of steps; the same losses give the same curve, resumed or not.

    >>> curve = Curve(most=4)
    >>> for loss in range(1, 10):
    ...     curve.add(float(loss))
    >>> curve.points()
    (Point(step=4, loss=2.5), Point(step=8, loss=6.5), Point(step=9, loss=9.0))
    """

    def __init__(self, *, most: int = _MOST) -> None:
        self._most = most
        self._stride = 1
        self._means: list[float] = []
        self._open_sum = 0.0
        self._open_count = 0

    def add(self, loss: float) -> None:
        """Add the next step's loss."""
        self._open_sum += loss
        self._open_count += 1
        if self._open_count < self._stride:
            return
        self._means.append(self._open_sum / self._stride)
        self._open_sum, self._open_count = 0.0, 0
        if len(self._means) == self._most:
            pairs = zip(self._means[::2], self._means[1::2])
            self._means = [(first + second) / 2 for first, second in pairs]
            self._stride *= 2

    def points(self) -> tuple[Point, ...]:
        """The curve so far, the unfinished last run included."""
        whole = tuple(Point((i + 1) * self._stride, mean) for i, mean in enumerate(self._means))
        if not self._open_count:
            return whole
        last = len(self._means) * self._stride + self._open_count
        return (*whole, Point(last, self._open_sum / self._open_count))

    def dump(self) -> dict[str, Any]:
        """Return JSON values from which `load` goes on."""
        return {
            "most": self._most,
            "stride": self._stride,
            "means": self._means,
            "sum": self._open_sum,
            "count": self._open_count,
        }

    @staticmethod
    def load(tree: Mapping[str, Any]) -> Curve:
        """Return the curve that was dumped."""
        curve = Curve(most=tree["most"])
        curve._stride, curve._means = tree["stride"], list(tree["means"])
        curve._open_sum, curve._open_count = tree["sum"], tree["count"]
        return curve
