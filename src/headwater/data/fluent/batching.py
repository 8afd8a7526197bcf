"""Calls that put elements together and take them apart."""

from __future__ import annotations

from typing import Self

from headwater.data.fluent.calls import Calls
from headwater.data.operators.batch import Batch


class Batching(Calls):
    """``batch`` and its kin."""

    def batch(self, size: int, *, drop_remainder: bool = False) -> Self:
        """Stack `size` elements into one; the last batch may be smaller unless `drop_remainder`."""
        return self._then(Batch(self.graph.root, size, drop_remainder))
