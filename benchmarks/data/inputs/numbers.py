"""`tiny`: the numbers 0 to n - 1, one added to each, in batches of 256."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inputs.digest import array_of, digest

BATCH = 256


@dataclass(frozen=True)
class Numbers:
    """The first `size` numbers."""

    size: int
    unit: str = "elements"

    @property
    def elements(self) -> int:
        """All of them."""
        return self.size

    def part(self, share: float) -> Numbers:
        """Fewer numbers."""
        return Numbers(int(self.size * share))

    def check(self, batches: Iterable[Any]) -> str:
        """Each of 1 to n came once, in batches of 256 but for the last of each worker."""
        found, sizes = 0, []
        for batch in batches:
            values = array_of(batch)
            sizes.append(values.size)
            found = (found + digest(values)) % 2**64
        expected = digest(np.arange(1, self.size + 1))
        if sum(sizes) != self.size or found != expected:
            return f"{sum(sizes):,} values with digest {found:x}, not {self.size:,} with {expected:x}"
        short = sum(size != BATCH for size in sizes)
        return f"{short} batches of {len(sizes)} are not of {BATCH}" if short > 2 else ""
