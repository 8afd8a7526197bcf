"""Steps that go on behind an element which cannot be made, where an `ignore_errors` downstream wants it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from headwater.core.errors import DataError
from headwater.data.block import Block, join
from headwater.data.cursor import Env

Numbered: TypeAlias = Callable[[Block, int], Block]


def passing(step: Numbered, env: Env, *, unit: int = 1) -> Numbered:
    """The same step; where errors are to be passed over, it leaves out just the elements that cannot be made.

    A block that fails is tried again in halves, so one bad element among n costs as much as making them twice,
    and the function is called again for its neighbours. `unit` elements belong together: they make one.
    """
    if env.ignoring is None:
        return step

    def apply(block: Block, first: int) -> Block:
        try:
            return step(block, first)
        except DataError as error:
            failure = error
        if len(block) <= unit:
            env.pass_over(failure)
            return block.slice(0, 0)
        middle = max(1, len(block) // unit // 2) * unit
        halves = (
            apply(block.slice(0, middle), first),
            apply(block.slice(middle, len(block)), first + middle),
        )
        made = [half for half in halves if len(half)]
        return join(made) if made else block.slice(0, 0)

    return apply
