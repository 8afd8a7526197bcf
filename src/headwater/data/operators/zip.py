"""Elements of several inputs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Merge
from headwater.data.operators.calling import locate


@dataclass(frozen=True, eq=False)
class Zip(Merge):
    """The first of each part, then the second of each, up to the end of the shortest.

    With `names`, an element is a dict with one value for each part. Without, dicts of different names become
    one dict, and anything else a tuple.
    """

    operator: ClassVar[str] = "zip"
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.parts:
            raise DataError("there is no dataset to zip.", where=f".{self.label}")
        if self.names is not None and len(set(self.names)) != len(self.parts):
            raise DataError(f"{len(self.parts)} datasets need as many different names.", where=f".{self.label}")

    @property
    def cardinality(self) -> Count:
        """That of the shortest."""
        counts = [part.cardinality for part in self.parts]
        known = [count for count in counts if count is not None]
        return min(known) if len(known) == len(counts) or 0 in known else None

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open all parts."""
        states = state["inputs"] if state else [None] * len(self.parts)
        cursors = [
            resume(part, env.into(number), inner)
            for number, (part, inner) in enumerate(zip(self.parts, states, strict=True))
        ]
        return ZipCursor(self, cursors)

    def beside(self, blocks: Sequence[Block]) -> Block:
        """One block of as many equally long ones: columns where all are."""
        columns = [block.columns for block in blocks if isinstance(block, Columns)]
        bare = [BARE in part for part in columns]
        if len(columns) == len(blocks):
            if self.names is not None and all(bare):
                named = {name: part[BARE] for name, part in zip(self.names, columns)}
                return Columns(named, blocks[0].positions)
            if self.names is None and not any(bare):
                self._check([part.keys() for part in columns], blocks[0], 0)
                united = {name: column for part in columns for name, column in part.items()}
                return Columns(united, blocks[0].positions)
        rows = zip(*(block.elements() for block in blocks), strict=True)
        return Items([self._one(row, blocks[0], at) for at, row in enumerate(rows)], blocks[0].positions)

    def _one(self, row: tuple[Any, ...], block: Block, at: int) -> Any:
        if self.names is not None:
            return dict(zip(self.names, row))
        if not all(isinstance(element, Mapping) for element in row):
            return row
        self._check([element.keys() for element in row], block, at)
        return {name: value for element in row for name, value in element.items()}

    def _check(self, parts: Sequence[Any], block: Block, at: int) -> None:
        if sum(map(len, parts)) == len(set().union(*parts)):
            return
        names = [name for part in parts for name in part]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise DataError(
            f"several of the datasets have {', '.join(f'`{name}`' for name in twice)}.",
            where=f".{self.label}, {locate(block, at)}",
            remedy="Name the parts, as in data.zip(left=a, right=b), or rename columns with .map(...).",
        )


class ZipCursor:
    """State: that of each part before the first element that was not given."""

    def __init__(self, node: Zip, cursors: list[Cursor]) -> None:
        self._node = node
        self._carries = [Carry(cursor) for cursor in cursors]

    def next(self, limit: int) -> Block | None:
        """As many as all have."""
        for carry in self._carries:
            if carry.held == 0 and not carry.pull(limit):
                return None
            limit = min(limit, carry.held)
        return self._node.beside([carry.take(limit) for carry in self._carries])

    def state(self) -> State:
        """Those of the parts."""
        return {"inputs": [carry.state() for carry in self._carries]}

    def close(self) -> None:
        """Close all parts."""
        for carry in self._carries:
            carry.close()
