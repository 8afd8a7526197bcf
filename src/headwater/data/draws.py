"""Chance for one element: a stream of numbers that hangs on the seed and on the element's number alone.

The generator is SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): its state is one number, so that one for each
element costs half a microsecond, where a `numpy.random.Generator` costs ten.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GAMMA = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


class Draws:
    """Random numbers for one element.

    >>> draws = Draws(7)
    >>> 0 <= draws.random() < 1, draws.integer(10) in range(10), draws.chance(1.0)
    (True, True, True)
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def random(self) -> float:
        """A number in [0, 1), of 53 bits."""
        return (self._next() >> 11) * 2.0**-53

    def uniform(self, low: float, high: float) -> float:
        """A number between `low` and `high`."""
        return low + (high - low) * self.random()

    def integer(self, stop: int) -> int:
        """A whole number from 0 up to but without `stop`."""
        return (self._next() * stop) >> 64

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def generator(self) -> np.random.Generator:
        """A numpy generator for distributions that are not here; it costs ten microseconds."""
        return np.random.Generator(np.random.PCG64(self._next()))

    def _next(self) -> int:
        self._state = state = (self._state + _GAMMA) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        return state ^ (state >> 31)


def draws_of(seed: int, *, first: int, count: int) -> list[Draws]:
    """The draws of the elements number `first` and following, each independent of all others.

    >>> draws_of(1, first=5, count=1)[0].random() == draws_of(1, first=0, count=9)[5].random()
    True
    """
    numbers = np.arange(first, first + count, dtype=np.uint64)
    return [Draws(state) for state in _mixed(numbers, seed).tolist()]


def _mixed(numbers: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Spread consecutive numbers over all 64 bits, as MurmurHash3's finaliser does."""
    gamma, key = np.uint64(_GAMMA), np.uint64(seed & _MASK)
    state = (numbers + np.uint64(1)) * gamma ^ key
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> np.uint64(33))
