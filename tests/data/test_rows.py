"""Rows written straight into columns: the same as returned rows, in memory that is used again when free."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.data.dataset import Dataset
from headwater.data.draws import Draws
from headwater.data.rows import Rows, consecutive


@dataclass(frozen=True)
class Spread:
    """x becomes a row of three."""

    consumes: tuple[str, ...] = ("x",)

    def spec(self) -> Mapping[str, tuple[Any, tuple[int, ...]]]:
        return {"row": (np.float32, (3,))}

    def write(self, element: Any, row: Rows) -> None:
        row["row"][:] = (element["x"], 1 / (element["x"] - 7), 2)

    def __call__(self, element: Any) -> Any:
        row = {"row": np.empty(3, np.float32)}
        self.write(element, row)
        return {name: value for name, value in element.items() if name != "x"} | row


class Jitter(Spread):
    random = True

    def write(self, element: Any, row: Rows, draws: Draws) -> None:  # type: ignore[override]
        row["row"][:] = element["x"] + draws.random()


SOURCES: list[Callable[[int], Dataset]] = [
    lambda n: data.from_arrays({"x": np.arange(n), "y": np.arange(n) * 2}),
    lambda n: data.range(n).map(lambda x: {"x": x, "y": 2 * x}),
]


@pytest.mark.parametrize("source", SOURCES)
def test_writing_is_the_same_as_returning(source: Callable[[int], Dataset], laws: Callable[..., None]) -> None:
    wanted = list(source(6).map(lambda element: Spread()(element)))
    assert set(wanted[0]) == {"y", "row"}
    laws(lambda: source(6).map(Spread()), wanted)
    laws(lambda: source(6).map(Spread()).batch(4), list(source(6).map(lambda e: Spread()(e)).batch(4)))


@pytest.mark.parametrize("source", SOURCES)
def test_a_batch_is_a_view_of_what_was_written(source: Callable[[int], Dataset]) -> None:
    # The first batch may come of several blocks, for the engine tries a function on few elements.
    *_, batch = source(40).skip(8).map(Spread()).batch(8).with_options(parallel="inline")
    assert batch["row"].tolist() == [[float(x), np.float32(1 / (x - 7)), 2.0] for x in range(32, 40)]
    assert batch["row"].base is not None
    assert batch["row"].base.shape[1:] == (3,)


@pytest.mark.parametrize("source", SOURCES)
def test_batches_that_are_held_keep_their_values(source: Callable[[int], Dataset]) -> None:
    dataset = source(200).filter(lambda e: e["x"] != 7).map(Spread()).batch(3)
    held = list(dataset.iterate(block_rows=1))
    values = np.concatenate([batch["row"][:, 0] for batch in held])
    assert values.tolist() == [x for x in range(200) if x != 7]


def test_writers_may_be_random(laws: Callable[..., None]) -> None:
    def build() -> Dataset:
        return data.from_arrays({"x": np.arange(9)}).map(Jitter()).batch(2)

    laws(build, list(build()))


def test_an_error_names_the_element() -> None:
    with pytest.raises(DataError, match=r"\.map\(Spread\) .* row 7: ZeroDivisionError"):
        list(data.from_arrays({"x": np.arange(9)}).map(Spread()))


def test_consecutive_finds_rows_of_one_array_and_nothing_else() -> None:
    block = np.arange(24).reshape(4, 3, 2).copy()
    found = consecutive([block[1], block[2], block[3]])
    assert found is not None
    assert found.tolist() == block[1:].tolist()
    assert np.shares_memory(found, block)
    other = block.copy()
    for rows in ([block[2], block[1]], [block[0], block[2]], [block[0], other[1]], [block[0].T, block[1].T]):
        assert consecutive(rows) is None
    assert consecutive([np.arange(3), np.arange(3)]) is None
    assert consecutive([block[:, 0, 0], block[:, 1, 0]]) is None
