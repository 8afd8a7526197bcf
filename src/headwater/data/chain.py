"""Operators that work on one block at a time are fused: a block goes through all of them in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Unary

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
        """Fuse with the stepwise operators upstream, as far as each element still stands for one.

        A one-to-one step has no state of its own: "drop three elements" means the same before and after it. A
        filter counts other elements than what feeds it, so it begins a chain, whose state is one level up.
        """
        steps: list[Step] = []
        node: Stepwise = self
        while node.one_to_one and isinstance(node.input, Stepwise):
            steps.append(node.step())
            node = node.input
        steps.append(node.step())
        if node.one_to_one:
            return Chain(resume(node.input, env, state), steps[::-1], fills=node.fills)
        return Sieve(resume(node.input, env, state["input"] if state else None), steps[::-1])


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


class Sieve(Chain):
    """The cursor of fused operators of which the first lets only some elements through."""

    def state(self) -> State:
        """The state of what feeds the steps, one level down."""
        return {"input": super().state()}
