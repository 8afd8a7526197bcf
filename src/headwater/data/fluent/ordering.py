"""Calls that choose among elements and change their order."""

from __future__ import annotations

from typing import Self

from headwater.data.fluent.calls import Calls
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take


class Ordering(Calls):
    """``shuffle``, ``repeat``, ``take``, ``skip`` and their kin."""

    def shuffle(self, buffer_size: int | None = None, *, seed: int | None = None) -> Self:
        """Change the order: by less than `buffer_size` places, or entirely if left out.

        The whole needs random access (`from_source`, `from_arrays`, `from_arrow` of a table, `range`, also
        through `map` and `map_batches`). Its own `seed` takes the place of the dataset's.
        """
        return self._then(Shuffle(self.graph.root, buffer_size, seed))

    def repeat(self, count: int | None = None) -> Self:
        """The elements `count` times, or without end; shuffles before it draw another order each time."""
        return self._then(Repeat(self.graph.root, count))

    def take(self, count: int) -> Self:
        """The first `count` elements."""
        return self._then(Take(self.graph.root, count))

    def skip(self, count: int) -> Self:
        """All but the first `count` elements."""
        return self._then(Skip(self.graph.root, count))
