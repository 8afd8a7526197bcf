"""Calls that run a dataset to its end and return what came of it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

from headwater.core.errors import DataError
from headwater.data.fluent.calls import Calls
from headwater.data.function import Function
from headwater.data.run import Run

_NONE = object()


class Terminal(Calls):
    """``reduce``, ``count`` and their kin."""

    def reduce(self, initial_state: Any, function: Callable[[Any, Any], Any]) -> Any:
        """What ``state = function(state, element)`` has become after the last element.

        Raised for a dataset without end, and if the function raises: `DataError`.

        >>> from headwater import data
        >>> data.range(5).reduce(0, lambda total, x: total + x)
        10
        """
        self._has_an_end("reduce")
        called, state = Function(function), copy.deepcopy(initial_state)
        with Run(self.graph) as run:
            for number, element in enumerate(run):
                try:
                    state = called.call(state, element)
                except Exception as error:
                    raise called.failed("reduce", error, f"element {number:,}") from error
        return state

    def count(self) -> int:
        """How many elements there are; it runs to the end unless that is known (`cardinality`).

        >>> from headwater import data
        >>> data.range(10).filter(lambda x: x % 3 == 0).count()
        4
        """
        self._has_an_end("count")
        known = self.graph.root.cardinality
        if known is not None:
            return int(known)
        with Run(self.graph) as run:
            return sum(1 for _ in run)

    def first(self) -> Any:
        """The first element; a `DataError` if there is none.

        >>> from headwater import data
        >>> data.range(7, 9).first()
        7
        """
        with Run(self.graph, block_rows=1) as run:
            element = next(run, _NONE)
        if element is _NONE:
            raise self._wrong("first", "there is no element.")
        return element

    def get_single_element(self) -> Any:
        """The only element; a `DataError` if there is none or another.

        >>> from headwater import data
        >>> data.range(8).batch(8).get_single_element().sum()
        np.int64(28)
        """
        with Run(self.graph, block_rows=1) as run:
            element, other = next(run, _NONE), next(run, _NONE)
        if element is _NONE or other is not _NONE:
            raise self._wrong(
                "get_single_element", "there is no element." if element is _NONE else "there is more than one."
            )
        return element

    def _has_an_end(self, call: str) -> None:
        if self.graph.root.cardinality == math.inf:
            raise self._wrong(call, "the dataset has no end.", remedy="Cut it with .take(n).")

    def _wrong(self, call: str, problem: str, *, remedy: str = "") -> DataError:
        return DataError(problem, where=f".{self.graph.root.label}.{call}()", remedy=remedy)
