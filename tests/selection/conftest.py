"""Pools and a model made of a formula."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater.core.key import Keys
from headwater.selection import Pool


@dataclass
class FormulaScorer:
    """Probabilities that depend on the key alone, computed in pieces by some workers."""

    num_workers: int = 1
    num_classes: int = 3
    asked: list[Keys] = field(default_factory=list)

    digest = "f0f1"

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        self.asked.append(keys)
        with ThreadPoolExecutor(self.num_workers) as pool:
            pieces = list(pool.map(self._some, np.array_split(keys, self.num_workers)))
        return np.concatenate(pieces)

    def _some(self, keys: Keys) -> NDArray[np.float32]:
        raw = (keys[:, None] * 7_919 + np.arange(self.num_classes) * 104_729) % 97 + 1
        return np.asarray(raw / raw.sum(axis=1, keepdims=True), np.float32)

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        return self._some(keys)

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        return self._some(keys)[:, 0]


@pytest.fixture
def scorer() -> type[FormulaScorer]:
    return FormulaScorer


@pytest.fixture
def pool_of() -> Callable[..., Pool]:
    """Return a pool of n samples in round 4: times a minute apart, the rest as told."""

    def make(num: int, **columns: Any) -> Pool:
        start = np.datetime64("2013-01-01T00:00", "us")
        told: dict[str, Any] = {
            "keys": np.arange(num) * 3 + 10,
            "times": start + np.arange(num) * np.timedelta64(60, "s"),
            "labels": np.arange(num) % 3,
            "arrived_round": np.sort(np.arange(num) % 5),
            "last_used_round": np.full(num, -1),
            "round": 4,
        }
        return Pool(**(told | columns))

    return make
