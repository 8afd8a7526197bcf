"""Number the elements.

Where the input has random access, the rules put `NumberByPlace` for `Enumerate`: the number is computed from
the place in the source, so that whatever only chooses places can still be done before any row is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns, Items, Positions
from headwater.data.chain import Numbered, Step, Stepwise
from headwater.data.cursor import Env
from headwater.data.operators.calling import locate

VALUE = "value"
"""What a plain value is called once it stands beside its number."""


@dataclass(frozen=True, eq=False)
class Enumerate(Stepwise):
    """Each element with its number in the column `name`, counted from `start` in each pass."""

    operator: ClassVar[str] = "enumerate"
    numbered: ClassVar[bool] = True
    start: int = 0
    name: str = "index"

    def __post_init__(self) -> None:
        if self.depth:
            raise DataError(
                "a batch is a dict of arrays, in which one number has no row.",
                where=f".{self.label}",
                remedy="Call .enumerate() before .batch(...).",
            )

    @property
    def random_access(self) -> bool:
        """As the input: the number is the place."""
        return self.input.random_access

    def numbered_step(self, env: Env) -> Numbered:  # noqa: ARG002 - nothing random here
        """Count on from the number of a block's first element."""

        def apply(block: Block, first: int) -> Block:
            begin = self.start + first
            return self.beside(block, np.arange(begin, begin + len(block), dtype=np.int64))

        return apply

    def by_place(self, places: range) -> NumberByPlace:
        """The same for an input whose elements come from `places`, in this order, each once."""
        return NumberByPlace(self.input, self, places.start, places.step)

    def beside(self, block: Block, numbers: Positions) -> Block:
        """Elements with their numbers: columns stay columns."""
        if isinstance(block, Items):
            pairs = zip(numbers.tolist(), block.values)
            return Items(
                [self._one(i, value, block, at) for at, (i, value) in enumerate(pairs)], block.positions
            )
        columns = block.columns
        if BARE in columns:
            return Columns({self.name: numbers, VALUE: columns[BARE]}, block.positions)
        self._check(self.name in columns, block, 0)
        return Columns({**columns, self.name: numbers}, block.positions)

    def _one(self, number: int, value: Any, block: Block, at: int) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            return {self.name: number, VALUE: value}
        self._check(self.name in value, block, at)
        return {**value, self.name: number}

    def _check(self, taken: bool, block: Block, at: int) -> None:
        if taken:
            raise DataError(
                f"there is a column `{self.name}` already.",
                where=f".{self.label}, {locate(block, at)}",
                remedy="Choose another: .enumerate(name='number').",
            )


@dataclass(frozen=True, eq=False)
class NumberByPlace(Stepwise):
    """The numbers of `asked`, computed from the place of an element in its source."""

    operator: ClassVar[str] = "enumerate"
    asked: Enumerate
    origin: int
    step_size: int

    @property
    def label(self) -> str:
        """As it was written."""
        return self.asked.label

    @property
    def random_access(self) -> bool:
        """Yes: that is what it is for."""
        return True

    def step(self) -> Step:
        """An element's position is its place: everything below is a range and treats each element alone."""

        def apply(block: Block) -> Block:
            numbers = self.asked.start + (block.positions - self.origin) // self.step_size
            return self.asked.beside(block, numbers)

        return apply
