"""Windows that slide over the elements."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, join
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, later, resume
from headwater.data.graph import Count, Unary
from headwater.data.operators.batch import cut


@dataclass(frozen=True, eq=False)
class Window(Unary):
    """Stacks of `size` elements, `stride` apart; each begins `shift` elements after the one before."""

    operator: ClassVar[str] = "window"
    size: int
    shift: int | None = None
    stride: int = 1
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        if min(self.size, self.step, self.stride) < 1:
            raise DataError("size, shift and stride are at least 1.", where=f".{self.label}")

    @property
    def step(self) -> int:
        """The shift, which is the size where it is left out."""
        return self.size if self.shift is None else self.shift

    @property
    def span(self) -> int:
        """How many elements there are from the first of a window to its last."""
        return (self.size - 1) * self.stride + 1

    @property
    def cardinality(self) -> Count:
        """One for each first element, or for each window that is whole."""
        count = self.input.cardinality
        if count is None or count == math.inf:
            return count
        if self.drop_remainder:
            return max(0, (int(count) - self.span) // self.step + 1)
        return -(-int(count) // self.step)

    @property
    def depth(self) -> int:
        """One more than the input's."""
        return self.input.depth + 1

    def open(self, env: Env, state: State | None) -> Cursor:
        """Windows hold nothing but what they can read again."""
        return WindowCursor(self, resume(self.input, env, state["input"] if state else None))


class WindowCursor:
    """State: that of the input before the first element of the next window."""

    def __init__(self, node: Window, source: Cursor) -> None:
        self._node = node
        self._carry = Carry(source)
        self._gap = 0  # elements to leave out before the next window, not read yet

    def next(self, limit: int) -> Block | None:
        """All whole windows out of what is held; at the end those that are cut short."""
        node = self._node
        self._pass_gap()
        wanted = (limit - 1) * node.step + node.span
        while self._carry.held < wanted and self._carry.pull(wanted - self._carry.held):
            pass
        held = self._carry.held
        count = min(limit, max(0, (held - node.span) // node.step + 1))
        windows = self._whole(count) if count else self._short(limit)
        if windows is not None:
            self._advance(len(windows) * node.step)
        return windows

    def state(self) -> State:
        """That of what is held, after the gap."""
        return {"input": later(self._carry.state(), self._gap)}

    def close(self) -> None:
        """Close the input."""
        self._carry.close()

    def _whole(self, count: int) -> Block:
        node = self._node
        block = self._carry.peek((count - 1) * node.step + node.span)
        if node.stride > 1 or node.step != node.size:
            # A copy: an element that stands in several windows must not change in all when one is written to.
            first = np.arange(count)[:, None] * node.step
            block = block.take((first + np.arange(node.size) * node.stride).ravel())
        return cut(block, node.size, node.label)

    def _short(self, limit: int) -> Block | None:
        node, held = self._node, self._carry.held
        if not held or node.drop_remainder:
            return None
        block = self._carry.peek(held)
        starts = range(0, held, node.step)[:limit]
        parts = [block.take(np.arange(start, held, node.stride)[: node.size]) for start in starts]
        windows = [cut(part, len(part), node.label) for part in parts]
        return join(windows)

    def _advance(self, count: int) -> None:
        dropped = min(count, self._carry.held)
        self._carry.drop(dropped)
        self._gap = count - dropped

    def _pass_gap(self) -> None:
        while self._gap and self._carry.pull(self._gap):
            self._advance(self._gap)
