"""A random permutation of ``0 .. n-1`` of which any part can be had, in memory that does not grow with n.

Up to `_DRAWN` numbers it is drawn whole (5 ms at most), which is exactly uniform. Above, it is a Feistel
network over the smallest power of two that holds n, applied again to what falls outside n ("cycle walking":
Black and Rogaway, Ciphers with Arbitrary Finite Domains, CT-RSA 2002, section 3). Four rounds of good round
functions are a strong pseudo-random permutation (Luby and Rackoff, 1988); we use six cheap ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.core.rng import Seeds

_DRAWN = 1 << 18
# Numbers made at once. Walking back into n goes on for a few ever smaller arrays, whose calls cost more than
# their numbers: 4,096 of 4 million took 440 us of CPU when made alone, 150 us in windows of 16,384, and 210 us
# in windows of 65,536.
_WINDOW = 1 << 14
_ROUNDS = 6
_Words = NDArray[np.uint64]
# Multipliers of splitmix64's finaliser (Steele, Lea and Flood, OOPSLA 2014).
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Permutation:
    """The same for the same size and seeds.

    >>> sorted(Permutation(5, Seeds(0))(0, 5).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, size: int, seeds: Seeds) -> None:
        self._size = size
        self._seeds = seeds
        self._drawn: NDArray[np.int64] | None = None
        if size <= _DRAWN:
            self._drawn = seeds.generator().permutation(size).astype(np.int64)
        bits = max(2, (size - 1).bit_length())
        self._widths = (bits // 2, bits - bits // 2)
        self._window: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))
        self._keys = seeds.generator("feistel").integers(0, 1 << 63, _ROUNDS, dtype=np.uint64) | np.uint64(1)

    def __call__(self, start: int, stop: int) -> NDArray[np.int64]:
        """The numbers at the places from `start` up to `stop`."""
        if self._drawn is not None:
            return self._drawn[start:stop]
        first, last = start // _WINDOW, max(start, stop - 1) // _WINDOW
        parts = [self._at(number) for number in range(first, last + 1)]
        numbers = parts[0] if first == last else np.concatenate(parts)
        return numbers[start - first * _WINDOW : stop - first * _WINDOW]

    def _at(self, number: int) -> NDArray[np.int64]:
        """A window of numbers; the last one made is kept, for the next portion most often lies in it."""
        kept, numbers = self._window
        if kept != number:
            start = number * _WINDOW
            numbers = self._walk(start, min(start + _WINDOW, self._size))
            self._window = (number, numbers)
        return numbers

    def _walk(self, start: int, stop: int) -> NDArray[np.int64]:
        words = np.arange(start, stop, dtype=np.uint64)
        walked = self._encrypt(words)
        while (outside := np.flatnonzero(walked >= self._size)).size:
            walked[outside] = self._encrypt(walked[outside])
        return walked.view(np.int64)

    def _encrypt(self, words: _Words) -> _Words:
        left_bits, right_bits = self._widths
        left, right = words >> np.uint64(right_bits), words & np.uint64((1 << right_bits) - 1)
        for key in self._keys:
            mixed = right + key
            mixed *= _MIX[0]
            mixed ^= mixed >> np.uint64(29)
            mixed *= _MIX[1]
            mixed >>= np.uint64(64 - left_bits)
            mixed ^= left
            left, right = right, mixed
            left_bits, right_bits = right_bits, left_bits
        # An even number of rounds leaves both halves with the widths they began with.
        left <<= np.uint64(right_bits)
        left |= right
        return left
