"""Blocks under work that come out as one, and what is remembered of those that came out."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from headwater.data.block import Block, Columns, Items, join
from headwater.data.cursor import State
from headwater.data.parallel.hands import Made
from headwater.data.parallel.slab import Rows, cut


@dataclass(slots=True)
class Group:
    """Blocks that come out as one, and the state from which they can be had again."""

    before: State
    rows: Rows | None = None
    num_rows: int = 0
    parts: list[Future[Made]] = field(default_factory=list)
    pieces: list[list[Any]] = field(default_factory=list)
    """State and number of elements of each block, where the order is not fixed."""
    ordered: bool = False
    """Whether it came out once before, so that its turn is settled."""


class Past:
    """The place after a group that was given. Whoever holds one holds all that was given later, and no more."""

    def __init__(self) -> None:
        self._pieces: list[list[Any]] = []
        self._next: Past | None = None

    def append(self, pieces: list[list[Any]]) -> Past:
        """Note what is given here; return the place after it."""
        self._pieces, self._next = pieces, Past()
        return self._next

    def later(self) -> Iterator[list[Any]]:
        """State and number of elements of all that was given from here on."""
        place: Past | None = self
        while place is not None:
            yield from place._pieces
            place = place._next


def joined(group: Group, parts: list[Made]) -> Block:
    """One block of all parts; parts that were written into one slab are there already."""
    blocks = [part.block for part in parts if len(part.block)] or [parts[0].block]
    if len(blocks) == 1:
        return blocks[0]
    if not all(isinstance(block, Columns) for block in blocks):
        return Items.join([Items(block.elements(), block.positions) for block in blocks])
    columns = [block for block in blocks if isinstance(block, Columns)]
    written = _written(group, columns)
    rest = [
        Columns(
            {name: column for name, column in block.columns.items() if name not in written}, block.positions
        )
        for block in columns
    ]
    joined = join(rest)
    assert isinstance(joined, Columns)  # noqa: S101 - joined from Columns
    names = columns[0].columns
    return Columns({name: written.get(name, joined.columns.get(name)) for name in names}, joined.positions)


def _written(group: Group, blocks: list[Columns]) -> Rows:
    """The columns that all parts wrote into the group's slab."""
    if group.rows is None:
        return {}
    whole = cut(group.rows, 0, group.num_rows)
    for name, array in whole.items():
        if any(block.columns.get(name) is None or not _shares(block.columns[name], array) for block in blocks):
            return {}
    return whole


def _shares(column: object, array: object) -> bool:
    """Whether a column lies in the slab that `array` is cut from."""
    return getattr(column, "base", None) is getattr(array, "base", array)
