"""Every so many elements become one: what batches of all kinds have in common, and the plain one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns, Items, as_element
from headwater.data.carry import Carry
from headwater.data.chain import Stacked
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary
from headwater.data.passing import passing
from headwater.data.stack import stack


@dataclass(frozen=True, eq=False)
class BySize(Unary):
    """Every `size` elements become one; the last is of fewer, unless the remainder is dropped."""

    size: int
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        if self.size < 1:
            raise DataError("a batch holds at least 1 element.", where=f".{self.label}")

    def cut(self, block: Block, size: int) -> Items:
        """One element of every `size` in the block."""
        raise NotImplementedError

    @property
    def cardinality(self) -> Count:
        """The number of whole batches, and one for the rest."""
        count = self.input.cardinality
        if count is None or count == math.inf:
            return count
        return int(count) // self.size if self.drop_remainder else -(-int(count) // self.size)

    @property
    def random_access(self) -> bool:
        """As the input: batch i begins at row i times the size."""
        return self.input.random_access

    @property
    def depth(self) -> int:
        """One more than the input's."""
        return self.input.depth + 1

    def open(self, env: Env, state: State | None) -> Cursor:
        """Batches hold nothing back but what they can read again."""
        return BatchCursor(self, env, resume(self.input, env, state["input"] if state else None))


@dataclass(frozen=True, eq=False)
class Batch(BySize):
    """Elements of one type and shape, stacked."""

    operator: ClassVar[str] = "batch"

    def cut(self, block: Block, size: int) -> Items:
        """Views of the block where it has columns, else stacks."""
        return cut(block, size, self.label)

    def open(self, env: Env, state: State | None) -> Cursor:
        """Let what feeds it write straight into the memory of a batch, if it can."""
        return BatchCursor(self, env, resume(Stacked(self.input), env, state["input"] if state else None))


class BatchCursor:
    """State: that of the input before the first element that is in no batch yet."""

    def __init__(self, node: BySize, env: Env, source: Cursor) -> None:
        self._cut = node.cut
        self._env = env
        self._size = node.size
        self._drop = node.drop_remainder
        self._carry = Carry(source)

    def next(self, limit: int) -> Block | None:
        """Whole batches out of what is held; asking for multiples of the size keeps them views of one block."""
        size, carry = self._size, self._carry
        while True:
            while carry.held < size:
                if not carry.pull(limit * size - carry.held):
                    return self._rest()
            made = self._made(carry.take(min(limit, carry.held // size) * size), size)
            if len(made):
                return made

    def state(self) -> State:
        """That of what is held."""
        return {"input": self._carry.state()}

    def close(self) -> None:
        """Close the input."""
        self._carry.close()

    def _rest(self) -> Block | None:
        held = self._carry.held
        made = self._made(self._carry.take(held), held) if held and not self._drop else None
        return made if made is not None and len(made) else None

    def _made(self, block: Block, size: int) -> Block:
        """Batches of a block; none of what does not stack, where that is to be passed over."""
        return passing(lambda part, _: self._cut(part, size), self._env, unit=size)(block, 0)


def cut(block: Block, size: int, operator: str) -> Items:
    """Batches of `size` rows of the block, the last of what is left."""
    starts = range(0, len(block), size)
    if isinstance(block, Columns):
        columns = block.columns.items()
        batches: list[Any] = [
            as_element({name: column[at : at + size] for name, column in columns}) for at in starts
        ]
    else:
        batches = [as_element(stack(block.slice(at, at + size), operator=operator)) for at in starts]
    return Items(batches, block.positions[::size])
