"""The elements up to the first of which a function says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Count, Unary
from headwater.data.operators.calling import locate, truth


@dataclass(frozen=True, eq=False)
class TakeWhile(Unary):
    """Elements for as long as `predicate` is true; then the end."""

    operator: ClassVar[str] = "take_while"
    fickle: ClassVar[bool] = True
    predicate: Function

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def open(self, env: Env, state: State | None) -> Cursor:
        """Go on, unless the state says that the end was reached."""
        return TakeWhileCursor(self, env, state)


class TakeWhileCursor:
    """State: whether the end was reached, and the input's state."""

    def __init__(self, node: TakeWhile, env: Env, state: State | None) -> None:
        self._node = node
        self._env = env
        self._source = resume(node.input, env, state["input"] if state else None)
        self._ended = bool(state["ended"]) if state else False

    def next(self, limit: int) -> Block | None:
        """Ask element by element until the answer is no."""
        if self._ended:
            return None
        block = self._pull(limit)
        if block is None:
            return None
        count = self._passed(block)
        if count < len(block):
            self._ended = True
            self._source.close()
        return block.slice(0, count) if count else None

    def state(self) -> State:
        """A flag and the input's state."""
        return {"ended": self._ended, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _pull(self, limit: int) -> Block | None:
        """Read a block; one that cannot be made may hold the end before the element that is at fault."""
        before = self._source.state() if limit > 1 else None
        try:
            return self._source.next(limit)
        except DataError:
            if before is None:
                raise
        self._source.close()
        self._source = resume(self._node.input, self._env, before)
        return self._pull(limit // 2)

    def _passed(self, block: Block) -> int:
        """How many elements come before the first no; the function is not called for those after it."""
        predicate, operator = self._node.predicate, self._node.operator
        count = 0
        for element in block.elements():
            try:
                answer = predicate.call(element)
            except Exception as error:
                raise predicate.failed(operator, error, locate(block, count)) from error
            if answer is not True and not truth(answer, predicate, operator, block, count):
                break
            count += 1
        return count
