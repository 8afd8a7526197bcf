"""How the learning rate moves over one fit: a pure function of the step, so there is no state to lose."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from headwater.core.registry import Registered


@dataclass(frozen=True, kw_only=True)
class Schedule(Registered, family="schedules"):
    """A family of curves. Steps count from 0; the last one is ``num_steps - 1``."""

    needs_length: ClassVar[bool] = True
    """Whether the curve depends on the number of steps, which must then be known beforehand."""

    warmup_steps: int = 0
    """Steps over which the rate climbs evenly from ``lr / warmup_steps`` to ``lr``, before the curve begins."""

    def factor(self, step: int, num_steps: int | None) -> float:
        """Return what to multiply the learning rate with in `step`."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if num_steps is None:
            return self.curve(0.0)
        rest = max(num_steps - self.warmup_steps, 1)
        # A dataset may turn out longer than it said: the rate then stays where the curve ended.
        return self.curve(min((step - self.warmup_steps) / rest, 1.0))

    def curve(self, progress: float) -> float:
        """Return the factor at `progress` in 0..1 after the warm-up."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule, kind="constant"):
    """The learning rate as it is, after the warm-up if there is one.

    >>> [Constant(warmup_steps=2).factor(step, None) for step in range(4)]
    [0.5, 1.0, 1.0, 1.0]
    """

    needs_length: ClassVar[bool] = False

    def curve(self, progress: float) -> float:  # noqa: ARG002 - the same everywhere
        """One."""
        return 1.0


@dataclass(frozen=True, kw_only=True)
class Linear(Schedule, kind="linear"):
    """A straight line down to ``end * lr``.

    >>> [Linear().factor(step, 4) for step in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """

    end: float = 0.0

    def curve(self, progress: float) -> float:
        """One minus the part that is behind us."""
        return 1.0 - (1.0 - self.end) * progress


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule, kind="cosine"):
    """Half a cosine down to ``end * lr`` (Loshchilov and Hutter, 2017, without restarts)."""

    end: float = 0.0

    def curve(self, progress: float) -> float:
        """Half a cosine."""
        return _swing(1.0, self.end, progress)


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule, kind="one_cycle"):
    """Up and down again (Smith and Topin, 2018), as in torch with ``cycle_momentum=False``; `lr` is the top."""

    rise: float = 0.3
    """The part of the steps in which the rate climbs."""
    start_divisor: float = 25.0
    """The first rate is the top divided by this."""
    end_divisor: float = 1e4
    """The last rate is the first divided by this."""

    def factor(self, step: int, num_steps: int | None) -> float:
        """Torch's phases: the top is at ``rise * num_steps - 1``, the end at ``num_steps - 1``."""
        if step < self.warmup_steps or num_steps is None:
            return super().factor(step, num_steps)
        at, last = step - self.warmup_steps, max(num_steps - self.warmup_steps - 1, 1)
        top = self.rise * (last + 1) - 1
        first = 1.0 / self.start_divisor
        if at <= top:
            return _swing(first, 1.0, at / top if top > 0 else 1.0)
        return _swing(1.0, first / self.end_divisor, min((at - top) / (last - top), 1.0))

    def curve(self, progress: float) -> float:  # noqa: ARG002 - only asked when the length is unknown
        """The top."""
        return 1.0


def _swing(start: float, end: float, progress: float) -> float:
    return end + (start - end) * (1.0 + math.cos(math.pi * progress)) / 2.0
