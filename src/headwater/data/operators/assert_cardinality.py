"""Say how many elements there are, and be held to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary, show_count


@dataclass(frozen=True, eq=False)
class AssertCardinality(Unary):
    """The same elements; an error if they are not `count`."""

    operator: ClassVar[str] = "assert_cardinality"
    count: int | float

    def __post_init__(self) -> None:
        if not (self.count == math.inf or (isinstance(self.count, int) and self.count >= 0)):
            raise DataError("it is a whole number or math.inf.", where=f".{self.label}")
        known = self.input.cardinality
        if known is not None and known != self.count:
            raise _differs(self, show_count(known))

    @property
    def cardinality(self) -> Count:
        """What was said."""
        return self.count

    def open(self, env: Env, state: State | None) -> Cursor:
        """Count from 0, or from where the state stands."""
        given = int(state["given"]) if state else 0
        return AssertCardinalityCursor(self, resume(self.input, env, state["input"] if state else None), given)


class AssertCardinalityCursor:
    """State: how many were given, and the input's state."""

    def __init__(self, node: AssertCardinality, source: Cursor, given: int) -> None:
        self._node = node
        self._source = source
        self._given = given

    def next(self, limit: int) -> Block | None:
        """No more than were said; the next must be the end."""
        left = self._node.count - self._given
        block = self._source.next(int(min(limit, max(1, left))))
        if (block is None) != (left == 0):
            raise _differs(self._node, show_count(self._given) if block is None else "more")
        self._given += 0 if block is None else len(block)
        return block

    def state(self) -> State:
        """A count and the input's state."""
        return {"given": self._given, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()


def _differs(node: AssertCardinality, found: str) -> DataError:
    return DataError(
        f"it gives {found}, not {show_count(node.count)}.",
        where=f".{node.label}",
        remedy="Correct the number, or leave the call out: then it is counted as it runs.",
    )
