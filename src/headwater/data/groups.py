"""Elements that wait for others with the same key."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from headwater.data.block import Block, join
from headwater.data.cursor import State

Key: TypeAlias = Hashable
Mark: TypeAlias = tuple[int, State]
"""The number of a block's first element, and the state before it."""


@dataclass(slots=True)
class _Group:
    """Where the elements with one key stand among the waiting rows, and the mark of the oldest's block."""

    size: int
    mark: Mark
    rows: list[int] = field(default_factory=list)


class Groups:
    """Rows wait in one block, so that all that leaves at once is gathered at once.

    The groups are in the order of their oldest waiting element.
    """

    def __init__(self, size_for: Callable[[Any], int]) -> None:
        self.waiting = 0
        self._size_for = size_for
        self._groups: dict[Key, _Group] = {}
        self._rows: Block | None = None
        self._expected: dict[Key, deque[tuple[int, Mark]]] = {}

    @property
    def oldest(self) -> Mark | None:
        """The mark of the oldest element that waits."""
        return next((group.mark for group in self._groups.values()), None)

    def counts(self) -> Iterable[tuple[Key, int]]:
        """How many elements of each key wait."""
        return [(key, len(group.rows)) for key, group in self._groups.items()]

    def add(self, block: Block, keys: list[Key], mark: Mark) -> list[tuple[Block, Key]]:
        """Let a block in; return the windows that it made full, in that order."""
        groups, full = self._groups, []
        for at, key in enumerate(keys, self.waiting):
            group = groups.get(key)
            if group is None:
                group = groups[key] = _Group(self._size_for(key), mark)
            group.rows.append(at)
            if len(group.rows) == group.size:
                full.append((key, groups.pop(key).rows))
        rows = self._joined(block)
        self._keep(rows)
        return _windows(rows, full)

    def rest(self) -> list[tuple[Block, Key]]:
        """All that waits, of each key what there is."""
        if self._rows is None:
            return []
        found = _windows(self._rows, [(key, group.rows) for key, group in self._groups.items()])
        self._groups, self._rows, self.waiting = {}, None, 0
        return found

    def expect(self, waiting: list[tuple[Key, int]]) -> None:
        """Begin to let in again what waited: of each key the last so many that come."""
        self._expected = {key: deque(maxlen=count) for key, count in waiting}

    def again(self, block: Block, keys: list[Key], mark: Mark) -> None:
        """Let in a block that came before; elements that had been given by then fall out."""
        for at, key in enumerate(keys, self.waiting):
            if key in self._expected:
                self._expected[key].append((at, mark))
        rows = self._joined(block)
        self._groups = {
            key: _Group(0, found[0][1], [at for at, _ in found])
            for key, found in self._expected.items()
            if found
        }
        marks = {key: [mark for _, mark in found] for key, found in self._expected.items()}
        self._keep(rows)
        for key, group in self._groups.items():
            self._expected[key].extend(zip(group.rows, marks[key]))

    def arrived(self) -> None:
        """All that waited is there again."""
        for key, group in self._groups.items():
            group.size = self._size_for(key)
        self._expected = {}

    def _joined(self, block: Block) -> Block:
        return block if self._rows is None else join([self._rows, block])

    def _keep(self, rows: Block) -> None:
        """Go on with the rows that wait, group by group."""
        index = [at for group in self._groups.values() for at in group.rows]
        self.waiting = len(index)
        self._rows = rows.take(np.array(index, np.intp)) if index else None
        start = 0
        for group in self._groups.values():
            group.rows = list(range(start, start + len(group.rows)))
            start += len(group.rows)


def _windows(rows: Block, full: list[tuple[Key, list[int]]]) -> list[tuple[Block, Key]]:
    """Gather the rows of all windows in one pass; each is a slice of what was gathered."""
    if not full:
        return []
    gathered = rows.take(np.array([at for _, window in full for at in window], np.intp))
    stops = np.cumsum([len(window) for _, window in full]).tolist()
    return [(gathered.slice(stop - len(window), stop), key) for (key, window), stop in zip(full, stops)]
