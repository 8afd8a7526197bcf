"""Calls that make other elements of elements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Self

from headwater.data.fluent.calls import Calls, names_of
from headwater.data.function import Function
from headwater.data.operators.filter import Filter
from headwater.data.operators.map import KEEP, Map
from headwater.data.operators.map_batches import MapBatches


class Elements(Calls):
    """``map``, ``map_batches``, ``filter`` and their kin."""

    def map(self, function: Callable[[Any], Any], *, keep: Iterable[str] = KEEP) -> Self:
        """Replace each element by ``function(element)``.

        Of a dict, the names in `keep` are carried along if the function does not return them; ``keep=()`` for
        exactly what it returns.
        """
        return self._then(Map(self.graph.root, Function(function), names_of(keep)))

    def map_batches(self, function: Callable[[Any], Any], *, keep: Iterable[str] = KEEP) -> Self:
        """Replace columns by ``function(columns)``: many rows in one call.

        Before `batch` the function sees as many rows as the engine finds best, treats each alone, and returns
        as many. After `batch` it sees each batch. `keep` is as for `map`.
        """
        return self._then(MapBatches(self.graph.root, Function(function), names_of(keep)))

    def filter(self, predicate: Callable[[Any], Any]) -> Self:
        """Keep the elements for which ``predicate(element)`` is true."""
        return self._then(Filter(self.graph.root, Function(predicate)))
