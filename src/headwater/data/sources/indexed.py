"""Sources with random access, and how their rows are fetched: positions first, then the rows at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Block, Columns, Items, Positions, take
from headwater.data.chain import Step, Stepwise
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node
from headwater.data.sources.range import Range


class Indexed(Node):
    """A source that returns the rows at any positions."""

    @property
    def columnar(self) -> bool:
        """Whether it returns columns; if not, it has `items` instead of `gather`."""
        return True

    def items(self, positions: Positions) -> Items:
        """The elements at `positions`, in that order, of a source whose elements are not rows of columns."""
        raise NotImplementedError

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def gather(self, positions: Positions) -> dict[str, Column]:
        """The rows at `positions`, in that order."""
        raise NotImplementedError

    def origins(self, positions: Positions) -> Positions:
        """What error messages are to say of the rows at `positions`: their file and row, if they have one."""
        return positions

    @property
    def cardinality(self) -> Count:
        """One element for each row."""
        return self.num_rows

    @property
    def random_access(self) -> bool:
        """Yes."""
        return True

    def open(self, env: Env, state: State | None) -> Cursor:
        """Read all rows in order."""
        return by_position(self).open(env, state)


@dataclass(frozen=True, eq=False)
class Gather(Stepwise):
    """The rows of a source at the positions that come in."""

    operator: ClassVar[str] = "gather"
    # Joining positions is cheap, joining rows into a batch afterwards is not.
    fills: ClassVar[bool] = True
    portable: ClassVar[bool] = False
    source: Indexed

    @property
    def random_access(self) -> bool:
        """As its input."""
        return self.input.random_access

    @property
    def depth(self) -> int:
        """As the source says."""
        return self.source.depth

    @property
    def label(self) -> str:
        """The source's own label."""
        return f"gather({self.source.label})"

    def step(self) -> Step:
        """Exchange positions for rows."""

        def fetch(block: Block) -> Block:
            assert isinstance(block, Columns)  # noqa: S101 - positions are made by Range, never by a user
            positions = np.asarray(block.columns[BARE])
            if not self.source.columnar:
                return self.source.items(positions)
            rows = self.source.gather(positions)
            found = next((len(column) for column in rows.values()), 0)
            if found != len(positions):
                raise DataError(
                    f"the source returned {found} rows for {len(positions)} keys.",
                    where=self.source.label,
                    remedy="A source's read() gives one row per key, in the order asked for.",
                )
            return Columns(rows, self.source.origins(positions))

        return fetch


def by_position(source: Indexed) -> Gather:
    """The same rows, as a gather over a range of positions."""
    return Gather(Range(0, source.num_rows), source)


def picker(columns: dict[str, Column]) -> Callable[[Positions], dict[str, Column]]:
    """Return a function that reads rows of columns in memory; neighbours come without a copy, read-only."""

    def pick(positions: Positions) -> dict[str, Column]:
        start, stop = int(positions[0]), int(positions[-1]) + 1
        if stop - start == len(positions) and bool((np.diff(positions) == 1).all()):
            return {name: column[start:stop] for name, column in columns.items()}
        return {name: take(column, positions) for name, column in columns.items()}

    return pick
