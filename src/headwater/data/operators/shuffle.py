"""Another order, drawn from the seed.

Without a size it is a permutation of everything: in no memory over random access, else of what is then held.
With a size, element i leaves at the time ``i - B + U(0, 2B)``, B being the buffer's size: it moves by less
than B places either way, and about B elements wait at any time. The first B elements leave as those leave that
a buffer long in use holds (density ``(1 - t/2B)/B``), within 2B, so that up to B elements come in a uniformly
random order.

This differs from the buffer of tf.data (Murray et al., VLDB 2021), which swaps one element for another: there
an element may wait for any time, and a checkpoint must hold the whole buffer. Here the order is a function of
the seed and of places alone, so a checkpoint is a few numbers, and the same order can be read from a source
with random access without any buffer of rows.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.rng import Seeds
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Unary, upstream
from headwater.data.operators.permuted import Held, Permuted
from headwater.data.permutation import Permutation
from headwater.data.slots import Slots
from headwater.data.sources.range import Range


@dataclass(frozen=True, eq=False)
class Shuffle(Unary):
    """The same elements in another order; each pass of a `repeat` around it has its own."""

    operator: ClassVar[str] = "shuffle"
    buffer_size: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.buffer_size is not None and self.buffer_size < 1:
            raise DataError(
                "buffer_size must be at least 1.", where=f".{self.label}", remedy="1 leaves the order as it is."
            )
        if self.buffer_size is None and self.input.cardinality == math.inf:
            raise DataError(
                "a shuffle of everything needs an end, and its input has none.",
                where=".shuffle()",
                remedy="Shuffle before .repeat(), or give a buffer: .shuffle(10_000).",
            )

    @property
    def permutes(self) -> bool:
        """Whether it deals out the numbers of a range: where the rules bring it, if it can be brought there."""
        return self.buffer_size is None and isinstance(self.input, Range)

    @property
    def random_access(self) -> bool:
        """As the input, if it permutes everything."""
        return self.buffer_size is None and self.input.random_access

    @property
    def label(self) -> str:
        """The call that made it."""
        size = [] if self.buffer_size is None else [str(self.buffer_size)]
        seed = [] if self.seed is None else [f"seed={self.seed}"]
        return f"shuffle({', '.join(size + seed)})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Permute a range, or hold a buffer."""
        if self.buffer_size is None:
            return self._whole(env, state)
        if self.buffer_size == 1:
            return resume(self.input, env, state)
        return Buffered(self, env, state)

    def _whole(self, env: Env, state: State | None) -> Cursor:
        seeds = self.seeds(env)

        def order(size: int) -> Permutation:
            return Permutation(size, seeds)

        if isinstance(self.input, Range):
            return Permuted(self.input, order, state)
        return Held(resume(self.input, env, None), order, state, most_bytes=env.options.most_held_bytes)

    def seeds(self, env: Env) -> Seeds:
        """The stream of this shuffle in this pass: shuffles of one graph are told apart by their number."""
        number = sum(isinstance(node, Shuffle) for node in upstream(self.input))
        return env.seeds(self.seed, "shuffle", number)


class Buffered:
    """The buffer of a shuffle.

    State: `read`, how many elements had come in when all due by then were given; `given`, how many were since;
    and a state of the input not after the oldest element that still waits, at place `start`. Restoring reads
    again from there: at most three times the buffer's size and a block.
    """

    def __init__(self, node: Shuffle, env: Env, state: State | None) -> None:
        self._size = node.buffer_size or 1
        start, read, given = (state["start"], state["read"], state["given"]) if state else (0, 0, 0)
        self._input = resume(node.input, env, state["input"] if state else None)
        self._generator = node.seeds(env).generator()
        # One draw of PCG64 per element, so the draw of any element is reached by a jump.
        self._generator.bit_generator.advance(start)  # type: ignore[attr-defined]
        self._marks: deque[tuple[int, State]] = deque()
        self._slots = Slots()
        self._read = start
        self._ready: Block | None = None
        self._given = 0
        self._ended = False
        self._settled = read
        while self._read < read and self._pull(read - self._read, due_after=read - self._size):
            pass
        while given > 0 and (block := self.next(given)) is not None:
            given -= len(block)

    def next(self, limit: int) -> Block | None:
        """The next elements that are due, in the order in which they are."""
        while self._ready is None:
            if self._ended:
                return None
            self._step(limit)
        block = self._ready.slice(self._given, self._given + limit)
        self._given += len(block)
        if self._given == len(self._ready) and not self._ended:
            self._settle()
        elif self._given == len(self._ready) and not len(block):
            return None
        return block

    def state(self) -> State:
        """From where the waiting elements can be read again."""
        start, before = self._marks[0] if self._marks else (self._read, self._input.state())
        return {"input": before, "start": start, "read": self._settled, "given": self._given}

    def close(self) -> None:
        """Close the input and forget what waits."""
        self._input.close()
        self._ready, self._ended = None, True

    def _step(self, limit: int) -> None:
        """Read on, and take out what is due: nothing read later can come before it."""
        missing = self._size - self._read
        # An eighth of the buffer at least, so that looking for what is due costs eight comparisons per element.
        if not self._pull(missing if missing > 0 else max(limit, self._size // 8), due_after=-np.inf):
            self._ended = True
        watermark = np.inf if self._ended else self._read - self._size
        if watermark > 0:
            self._ready = self._slots.pop_until(watermark)
        if self._ready is None and not self._ended:
            self._settle()

    def _settle(self) -> None:
        """All that is due was given: move the place on from which a restored run would begin."""
        self._ready, self._given, self._settled = None, 0, self._read
        # An element waits for less than 2B after it came; the first B leave before the time 2B.
        oldest = self._settled - 2 * self._size if self._settled >= 3 * self._size else 0
        while len(self._marks) > 1 and self._marks[1][0] <= oldest:
            self._marks.popleft()

    def _pull(self, limit: int, *, due_after: float) -> bool:
        before = self._input.state()
        block = self._input.next(limit)
        if block is None:
            return False
        self._marks.append((self._read, before))
        places = np.arange(self._read, self._read + len(block), dtype=np.float64)
        due = self._due(places)
        self._read += len(block)
        waiting = due >= due_after
        if waiting.all():
            self._slots.put(block, due, places)
        elif waiting.any():
            index = np.flatnonzero(waiting)
            self._slots.put(block.take(index), due[index], places[index])
        return True

    def _due(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """When each element leaves, counted in elements given."""
        draws = self._generator.random(len(places))
        span = 2.0 * self._size
        due: NDArray[np.float64] = places - self._size + span * draws
        if places[0] < self._size:
            first = places < self._size
            due[first] = span * (1 - np.sqrt(1 - draws[first]))
        return due
