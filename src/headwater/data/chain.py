"""Operators that work on one block at a time are fused: a block goes through all of them in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Node, Unary

Step: TypeAlias = Callable[[Block], Block]


@dataclass(frozen=True, eq=False)
class Stepwise(Unary):
    """An operator without memory: what it makes of a block depends on nothing else."""

    fills: ClassVar[bool] = False
    """Whether it wants blocks as large as asked for, joined from several if need be."""

    one_to_one: ClassVar[bool] = True
    """Whether each element gives exactly one, so that moving elements before or after it is the same."""

    def step(self) -> Step:
        """The function that a block goes through."""
        raise NotImplementedError

    def open(self, env: Env, state: State | None) -> Cursor:
        """Fuse with the stepwise operators upstream; the state is that of what feeds them."""
        steps: list[Step] = []
        fills = False
        node: Node = self
        while isinstance(node, Stepwise):
            steps.append(node.step())
            fills = node.fills
            node = node.input
        return Chain(resume(node, env, state), steps[::-1], fills=fills)


class Chain:
    """The cursor of fused operators."""

    def __init__(self, source: Cursor, steps: list[Step], *, fills: bool = False) -> None:
        self._source = source
        self._steps = steps
        self._fills = fills

    def next(self, limit: int) -> Block | None:
        """Pull a block through all steps; a block of which nothing is left is followed by the next."""
        while (block := self._pull(limit)) is not None:
            for step in self._steps:
                block = step(block)
                if not len(block):  # no function is called for nothing
                    break
            else:
                return block
        return None

    def _pull(self, limit: int) -> Block | None:
        block = self._source.next(limit)
        if block is None or not self._fills or len(block) == limit:
            return block
        parts, left = [block], limit - len(block)
        while left > 0 and (part := self._source.next(left)) is not None:
            parts.append(part)
            left -= len(part)
        return join(parts)

    def state(self) -> State:
        """The state of what feeds the steps."""
        return self._source.state()

    def close(self) -> None:
        """Close what feeds the steps."""
        self._source.close()
