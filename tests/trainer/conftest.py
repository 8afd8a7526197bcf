"""Tiny networks and synthetic batches: a training of these takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headwater.core.key import Keys
from headwater.core.spec import Block, Spec

Arrays: TypeAlias = dict[str, NDArray[Any]]


torch.set_num_threads(1)  # two threads on two busy cores make networks of this size ten times slower


class Net(nn.Module):
    """Two layers with dropout; one logit per row when `classes` is 1."""

    def __init__(self, *, classes: int = 2, width: int = 8, dropout: float = 0.1) -> None:
        super().__init__()
        self.body = nn.Linear(4, width)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)

    def forward(self, batch: Mapping[str, Tensor]) -> Tensor:
        logits: Tensor = self.head(self.dropout(torch.relu(self.body(batch["x"]))))
        return logits.squeeze(-1) if logits.shape[1] == 1 else logits


class Rows:
    """A source over arrays in memory."""

    def __init__(self, columns: Arrays) -> None:
        self.columns = columns

    @property
    def spec(self) -> Spec:
        return Spec.of(self.columns)

    @property
    def fingerprint(self) -> str:
        return "rows"

    def keys(self) -> Keys:
        return np.asarray(self.columns["key"], np.int64)

    def read(self, keys: Keys) -> Block:
        at = np.searchsorted(self.columns["key"], keys)
        return {name: values[at] for name, values in self.columns.items()}


def make_columns(num_rows: int, *, seed: int = 0, classes: int = 2) -> Arrays:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_rows, 4)).astype(np.float32)
    label = np.digitize(x.sum(axis=1), np.linspace(-2, 2, classes + 1)[1:-1]).astype(np.int8)
    weight = rng.uniform(0.1, 2.0, num_rows).astype(np.float32)
    return {"key": np.arange(num_rows) * 3, "x": x, "label": label, "weight": weight}


def cut(columns: Arrays, size: int) -> list[Arrays]:
    rows = len(columns["key"])
    return [{k: v[at : at + size] for k, v in columns.items()} for at in range(0, rows, size)]


@pytest.fixture
def net() -> type[Net]:
    return Net


@pytest.fixture
def columns() -> Callable[..., Arrays]:
    """``columns(num_rows, seed=0, classes=2)``"""
    return make_columns


@pytest.fixture
def rows() -> type[Rows]:
    return Rows


@pytest.fixture
def batches() -> list[Arrays]:
    """Ten batches of 32 labelled, weighted, keyed rows."""
    return cut(make_columns(320), 32)


@pytest.fixture
def batches_of() -> Callable[[Arrays, int], list[Arrays]]:
    return cut
