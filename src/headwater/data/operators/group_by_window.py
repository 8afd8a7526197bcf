"""Elements with one key come together: every so many of them become one element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Items
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Count, Unary
from headwater.data.groups import Groups, Key
from headwater.data.operators.batch import cut
from headwater.data.operators.calling import call_each, locate
from headwater.data.operators.ragged import values_of


@dataclass(frozen=True, eq=False)
class Grouping(Unary):
    """Elements wait until `size_for(key)` of theirs are there; at the end the rest come as they are."""

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def open(self, env: Env, state: State | None) -> Cursor:
        """What waits is read again from before the oldest that does."""
        return GroupCursor(self, resume(self.input, env, state["input"] if state else None), state)

    def keys(self, block: Block) -> list[Any]:
        """The key of every element."""
        raise NotImplementedError

    def size_for(self, key: Any) -> int:
        """How many elements with this key make a window."""
        raise NotImplementedError

    def close_window(self, rows: Block, key: Any) -> Items:
        """The one element that the rows become."""
        raise NotImplementedError

    @property
    def drops(self) -> bool:
        """Whether what is left at the end is dropped."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class GroupByWindow(Grouping):
    """A batch of every `size` elements with one key, or what `reduce` makes of the list of them."""

    operator: ClassVar[str] = "group_by_window"
    key: Function | str
    size: int | None = None
    size_of: Function | None = None
    reduce: Function | None = None
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        if (self.size is None) == (self.size_of is None):
            raise DataError(
                "a window has a size, or a size for each key.",
                where=f".{self.label}",
                remedy="Pass either size=n or size_of=function of the key.",
            )
        if self.size is not None and self.size < 1:
            raise DataError("a window holds at least 1 element.", where=f".{self.label}")

    @property
    def depth(self) -> int:
        """One more than the input's; with `reduce`, that of the input."""
        return self.input.depth + (self.reduce is None)

    @property
    def drops(self) -> bool:
        """As the user says."""
        return self.drop_remainder

    def keys(self, block: Block) -> list[Any]:
        """Call the function, or read the column."""
        if isinstance(self.key, str):
            column = values_of(block, self.key, self.operator)
            found: list[Any] = column if isinstance(column, list) else _listed(column)
            where = f".{self.operator}({self.key!r})"
        else:
            found = call_each(self.key, block.elements(), block, self.operator)
            where = self.key.where(self.operator)
        return [_plain(key) for key in found] if _checked(found, block, where) else found

    def size_for(self, key: Any) -> int:
        """The size, or what the function says."""
        if self.size_of is None:
            return self.size or 1
        try:
            size = self.size_of.call(key)
        except Exception as error:
            raise self.size_of.failed(self.operator, error, f"key {key!r}") from error
        if not isinstance(size, int | np.integer) or size < 1:
            raise DataError(
                f"it returned {size!r}.",
                where=self.size_of.where(self.operator, f"key {key!r}"),
                remedy="Return a whole number, at least 1.",
            )
        return int(size)

    def close_window(self, rows: Block, key: Any) -> Items:
        """Stack them, or call the function."""
        if self.reduce is None:
            return cut(rows, len(rows), f"{self.operator}, key {key!r}")
        first = Items([rows.elements()], rows.positions[:1])
        return Items(call_each(self.reduce, first.values, first, self.operator), first.positions)


class GroupCursor:
    """The windows that are full, and the groups that are not.

    State: that of the input before the oldest element that waits; how many elements were read since then when
    all windows full by then were given; how many of each key were waiting at that time; and how many windows
    were given since. Restoring reads again what was read since: of each key the last so many wait again, all
    others were given.
    """

    def __init__(self, node: Grouping, source: Cursor, state: State | None) -> None:
        self._node = node
        self._groups = Groups(node.size_for)
        self._source = source
        self._ready: list[tuple[Block, Key]] = []
        self._given = 0
        self._read = 0  # elements of the input since it was opened
        self._ended = False
        self._sizes = 8.0  # elements to a window, as far as seen
        if state is not None:
            self._replay(int(state["read"]), [(_revived(key), count) for key, count in state["waiting"]])
        self._settle()
        skip = int(state["given"]) if state is not None else 0
        while skip > 0 and (windows := self._take(skip)):
            skip -= len(windows)

    def next(self, limit: int) -> Block | None:
        """The next windows, in the order in which they became full."""
        windows = self._take(limit)
        if not windows:
            return None
        made = [self._node.close_window(rows, key) for rows, key in windows]
        return made[0] if len(made) == 1 else Items.join(made)

    def state(self) -> State:
        """From where the waiting elements can be read again."""
        return {**self._settled, "given": self._given}

    def close(self) -> None:
        """Close the input and forget what waits."""
        self._source.close()

    def _take(self, limit: int) -> list[tuple[Block, Key]]:
        while self._given == len(self._ready):
            if self._ended:
                return []
            self._pull(limit)
        windows = self._ready[self._given : self._given + limit]
        self._given += len(windows)
        if self._given == len(self._ready) and not self._ended:
            self._settle()
        return windows

    def _pull(self, limit: int) -> None:
        """Read on. A quarter of what waits at least: it is copied each time."""
        before, at = self._source.state(), self._read
        block = self._source.next(max(1, int(limit * self._sizes), self._groups.waiting // 4))
        if block is None:
            self._ended = True
            self._ready, self._given = [] if self._node.drops else self._groups.rest(), 0
            return
        self._read += len(block)
        self._ready, self._given = self._groups.add(block, self._node.keys(block), (at, before)), 0
        if self._ready:
            self._sizes = sum(len(rows) for rows, _ in self._ready) / len(self._ready)
        else:
            self._settle()

    def _settle(self) -> None:
        """All full windows were given: note from where a restored run would begin."""
        self._ready, self._given = [], 0
        at, before = self._groups.oldest or (self._read, self._source.state())
        counts = [[list(key) if isinstance(key, tuple) else key, count] for key, count in self._groups.counts()]
        self._settled: State = {"input": before, "read": self._read - at, "waiting": counts}

    def _replay(self, read: int, waiting: list[tuple[Key, int]]) -> None:
        self._groups.expect(waiting)
        while self._read < read:
            before, at = self._source.state(), self._read
            block = self._source.next(read - self._read)
            if block is None:
                break
            self._read += len(block)
            self._groups.again(block, self._node.keys(block), (at, before))
        self._groups.arrived()


def _listed(column: Any) -> list[Any]:
    return list(column.tolist() if isinstance(column, np.ndarray) else column.to_pylist())


_PLAIN = frozenset({int, str, bool, type(None)})
_KEYS = (int, float, str, np.bool_, np.integer, np.floating, type(None))


def _checked(keys: list[Any], block: Block, where: str) -> bool:
    """Whether keys must be turned into plain values; raises for what is no key."""
    if set(map(type, keys)) <= _PLAIN:
        return False
    for at, key in enumerate(keys):
        parts = list(_parts(key))
        if not all(isinstance(part, _KEYS) for part in parts) or any(part != part for part in parts):
            raise DataError(
                f"the key is {key!r} ({type(key).__name__}).",
                where=f"{where}, {locate(block, at)}",
                remedy="A key is a number, a text, None, or a tuple of these; not NaN, which equals nothing.",
            )
    return True


def _parts(key: Any) -> Iterator[Any]:
    if isinstance(key, tuple):
        for part in key:
            yield from _parts(part)
    else:
        yield key


def _plain(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return key.item() if isinstance(key, np.generic) else key


def _revived(key: Any) -> Any:
    """A key from JSON, which has lists for tuples."""
    return tuple(map(_revived, key)) if isinstance(key, list) else key
