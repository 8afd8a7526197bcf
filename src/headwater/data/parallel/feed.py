"""What goes into a chain of steps: blocks, the number of the next element, and the state before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol, TypeAlias

from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, State
from headwater.data.parallel.hands import Step, make

Form: TypeAlias = Literal["plain", "sieve", "counted"]


class Numbered(Cursor, Protocol):
    """A cursor that knows how many elements it gave."""

    @property
    def at(self) -> int:
        """The number of the next element."""
        ...

    @property
    def level(self) -> int:
        """How many operators are upstream, by which a chain knows a state of its own from one of another."""
        ...

    @property
    def ordered(self) -> bool:
        """Whether the next elements were given once before, so that their order is settled."""
        ...

    def place(self) -> State:
        """From where the next elements come that come from one place; as a rule, the state."""
        ...


class Feed:
    """The input of a chain, in the state's form that the chain needs.

    ``plain``: dropping elements means the same before and after the chain, so its state is the input's.
    ``sieve``: it does not, so the input's lies one level down. ``counted``: the same, and how many came in.
    """

    def __init__(self, source: Cursor, form: Form, *, level: int, at: int = 0, fills: bool = False) -> None:
        self.level = level
        self.at = at
        self._source = source
        self._form = form
        self._fills = fills

    def next(self, limit: int) -> Block | None:
        """At most `limit` elements; as many as there are, where joining them here is cheaper than later."""
        block = self._source.next(limit)
        if block is not None and self._fills and len(block) < limit:
            block = self._filled(block, limit)
        self.at += 0 if block is None else len(block)
        return block

    @property
    def ordered(self) -> bool:
        """It was not: nothing is restored here."""
        return False

    def place(self) -> State:
        """The state."""
        return self.state()

    def state(self) -> State:
        """Where the next element comes from."""
        if self._form == "plain":
            return self._source.state()
        count = {"at": self.at} if self._form == "counted" else {}
        return {**count, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _filled(self, block: Block, limit: int) -> Block:
        parts, left = [block], limit - len(block)
        while left > 0 and (part := self._source.next(left)) is not None:
            parts.append(part)
            left -= len(part)
        return join(parts)


class Passed:
    """A feed whose blocks go through a few steps first, one element for each."""

    def __init__(self, feed: Numbered, steps: Sequence[Step]) -> None:
        self._feed = feed
        self._steps = steps

    @property
    def at(self) -> int:
        """The number of the next element."""
        return self._feed.at

    @property
    def level(self) -> int:
        """As in the feed."""
        return self._feed.level

    def next(self, limit: int) -> Block | None:
        """The feed's block after the steps; one of which nothing is left is followed by the next."""
        while True:
            first = self._feed.at
            block = self._feed.next(limit)
            if block is None or len(block := make(self._steps, block, first).block):
                return block

    @property
    def ordered(self) -> bool:
        """As in the feed."""
        return self._feed.ordered

    def place(self) -> State:
        """The feed's."""
        return self._feed.place()

    def state(self) -> State:
        """The feed's."""
        return self._feed.state()

    def close(self) -> None:
        """Close the feed."""
        self._feed.close()
