"""Calls that make elements ahead or keep them."""

from __future__ import annotations

from typing import Self

from headwater.data.fluent.calls import Calls
from headwater.data.operators.prefetch import Prefetch


class Storing(Calls):
    """``prefetch`` and its kin."""

    def prefetch(self, count: int = 2) -> Self:
        """Make up to `count` elements ahead, in a thread."""
        return self._then(Prefetch(self.graph.root, count))
