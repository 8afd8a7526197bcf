"""What the tests of `data` share: a keyed source in memory, and a way to compare elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headwater.core.digest import digest_of
from headwater.core.key import Keys
from headwater.core.spec import Block, Spec


class Table:
    """A core Source over arrays: keys are 10, 20, 30, ... and reads are counted."""

    def __init__(self, num_rows: int) -> None:
        self.columns: dict[str, NDArray[Any]] = {
            "key": np.arange(1, num_rows + 1, dtype=np.int64) * 10,
            "x": np.arange(num_rows, dtype=np.float32),
            "label": (np.arange(num_rows) % 2).astype(np.int8),
        }
        self.reads: list[int] = []

    @property
    def spec(self) -> Spec:
        return Spec.of(self.columns)

    @property
    def fingerprint(self) -> str:
        return digest_of(*self.columns.values())

    def keys(self) -> Keys:
        return self.columns["key"]

    def read(self, keys: Keys) -> Block:
        self.reads.append(len(keys))
        at = np.searchsorted(self.columns["key"], keys)
        return {name: column[at] for name, column in self.columns.items()}


@pytest.fixture
def table() -> Callable[[int], Table]:
    return Table


@pytest.fixture(scope="session")
def plain() -> Callable[[Any], Any]:
    """Turn elements into lists, dicts and numbers with their types, so that == compares them whole."""

    def convert(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: convert(part) for name, part in value.items()}
        if isinstance(value, np.ndarray):
            return (str(value.dtype), value.tolist())
        if isinstance(value, np.generic):
            return (str(value.dtype), value.item())
        return [convert(part) for part in value] if isinstance(value, list) else value

    return convert
