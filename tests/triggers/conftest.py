"""A model made of a formula, and arrivals in a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater.core.key import Keys
from headwater.triggers import Arrivals


@dataclass
class FormulaScorer:
    """Embeddings that depend on key (below 5,000) and model; keys from `shift_from` on lie elsewhere."""

    generation: int = 0
    shift_from: int = 10**9
    shift: float = 3.0
    asked: list[Keys] = field(default_factory=list)

    @property
    def digest(self) -> str:
        return f"model {self.generation}"

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        self.asked.append(keys)
        table = np.random.default_rng(self.generation).random((5_000, 2))
        return np.asarray(table[keys] + self.shift * (keys >= self.shift_from)[:, None], np.float32)

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        first = self.embeddings(keys)[:, :1] % 1
        return np.hstack((first, 1 - first))

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        return self.embeddings(keys)[:, 0]


@pytest.fixture
def scorer() -> Callable[..., FormulaScorer]:
    return FormulaScorer


@pytest.fixture
def steady() -> Callable[[int], Arrivals]:
    """Return keys 0..n-1, one a minute from the first of January."""

    def make(num: int) -> Arrivals:
        start = np.datetime64("2013-01-01T00:00", "us")
        return Arrivals.of(range(num), start + np.arange(num) * np.timedelta64(60, "s"))

    return make
