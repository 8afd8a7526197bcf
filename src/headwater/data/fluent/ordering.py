"""Calls that choose among elements and change their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from headwater.data.fluent.calls import Calls
from headwater.data.function import Function
from headwater.data.operators.assert_cardinality import AssertCardinality
from headwater.data.operators.rejection_resample import RejectionResample, as_shares
from headwater.data.operators.repeat import Repeat
from headwater.data.operators.shard import Shard
from headwater.data.operators.shuffle import Shuffle
from headwater.data.operators.skip import Skip
from headwater.data.operators.take import Take
from headwater.data.operators.take_while import TakeWhile
from headwater.data.operators.unique import Unique


class Ordering(Calls):
    """``shuffle``, ``repeat``, ``take``, ``skip`` and their kin."""

    def shuffle(self, buffer_size: int | None = None, *, seed: int | None = None) -> Self:
        """Change the order: by less than `buffer_size` places, or entirely if left out.

        The whole costs no memory over random access (`from_source`, `from_arrays`, `from_arrow` of a table,
        `range`, also through `map` and `map_batches`); anything else is read to its end and held. Its own
        `seed` takes the place of the dataset's.
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

    def take_while(self, predicate: Callable[[Any], Any]) -> Self:
        """The elements before the first for which ``predicate(element)`` is not true.

        >>> from headwater import data
        >>> list(data.range(100).take_while(lambda x: x < 3))
        [0, 1, 2]
        """
        return self._then(TakeWhile(self.graph.root, Function(predicate)))

    def shard(self, num_shards: int, index: int) -> Self:
        """Every `num_shards`-th element, from number `index`: the share of one of several processes.

        Of a source with random access no other rows are read. Shuffle before it, so that shards exchange
        elements between epochs, or after it, so that each keeps its own.

        >>> from headwater import data
        >>> list(data.range(10).shard(3, 1))
        [1, 4, 7]
        """
        return self._then(Shard(self.graph.root, num_shards, index))

    def unique(self, column: str | None = None) -> Self:
        """The first element of each value of `column`, or of those that are equal; NaN equals NaN.

        Memory grows by about 100 bytes for each value. A checkpoint does not: to restore one, the pass is read
        again from its beginning.

        >>> from headwater import data
        >>> list(data.range(6).map(lambda x: x % 3).unique())
        [0, 1, 2]
        """
        return self._then(Unique(self.graph.root, column))

    def assert_cardinality(self, count: int | float) -> Self:
        """The same elements, known to be `count` (`math.inf`: endless); a `DataError` once they are not.

        >>> from headwater import data
        >>> len(data.range(9).filter(lambda x: x % 2 == 0).assert_cardinality(5))
        5
        """
        return self._then(AssertCardinality(self.graph.root, count))

    def rejection_resample(
        self,
        class_of: Callable[[Any], Any],
        target: Mapping[Any, float] | Sequence[float],
        *,
        initial: Mapping[Any, float] | Sequence[float] | None = None,
        seed: int | None = None,
    ) -> Self:
        """Leave elements out such that classes come in the shares of `target`; none is given twice.

        ``class_of(element)`` is a number or a text. `initial` says in which shares the classes come in; if left
        out, they are counted in the first 4,096 elements of each pass, and a class that is not among them is
        always kept. The more `target` differs from it, the more is left out.

        >>> from headwater import data
        >>> halves = data.range(10_000).rejection_resample(lambda x: x % 4 == 0, {True: 1, False: 1})
        >>> 0.47 < sum(x % 4 == 0 for x in halves) / sum(1 for x in halves) < 0.53
        True
        """
        shares = as_shares(target, name="target")
        known = None if initial is None else as_shares(initial, name="initial")
        return self._then(RejectionResample(self.graph.root, Function(class_of), shares, known, seed))
