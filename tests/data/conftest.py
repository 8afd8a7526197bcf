"""What the tests of `data` share: a keyed source in memory, and a way to compare elements."""

from __future__ import annotations

import json
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


@pytest.fixture(scope="session")
def laws(plain: Callable[[Any], Any]) -> Callable[..., None]:
    """What holds for every dataset: content, exact restore anywhere, cardinality, small states.

    ``laws(build, expected)`` takes a function that returns the dataset anew and the elements as a list.
    """

    def show(elements: list[Any]) -> Any:
        return plain([_opened(element) for element in elements])

    def check(build: Callable[[], Any], expected: list[Any], *, most_bytes: int = 4_000) -> None:
        wanted = show(expected)
        for block_rows in (None, 1, 2, 3, 7):
            assert show(list(build().iterate(block_rows=block_rows))) == wanted, f"block_rows={block_rows}"
        assert show(list(build().prefetch(3))) == wanted, "prefetch changes the result"
        assert build().fingerprint == build().fingerprint
        assert build().cardinality in (None, len(expected))
        for before, after in ((1, 3), (3, None), (None, 2)):
            _restored_everywhere(build, wanted, show, before, after, most_bytes)

    return check


def _restored_everywhere(
    build: Callable[[], Any],
    wanted: Any,
    show: Callable[[Any], Any],
    before: int | None,
    after: int | None,
    most_bytes: int,
) -> None:
    run = build().iterate(block_rows=before)
    for at in range(len(wanted) + 1):
        text = json.dumps(run.state())
        assert len(text) < most_bytes, f"the state at {at} has {len(text):,} bytes"
        with build().iterate(json.loads(text), block_rows=after) as again:
            assert show(list(again)) == wanted[at:], f"restored at {at}, blocks of {before} then {after}"
        assert (next(run, None) is None) == (at == len(wanted))


def _opened(element: Any) -> Any:
    """Arrow columns as lists, so that elements compare."""
    if isinstance(element, Mapping):
        return {name: _opened(part) for name, part in element.items()}
    return element.to_pylist() if hasattr(element, "to_pylist") else element
