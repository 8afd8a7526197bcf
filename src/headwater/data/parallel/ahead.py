"""Blocks on their way through other hands, in order: the first that went in is the first to come out."""

from __future__ import annotations

import logging
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from headwater.data.block import Block, Columns, Items, join
from headwater.data.cursor import State
from headwater.data.parallel.feed import Numbered
from headwater.data.parallel.hands import Hands, Made
from headwater.data.parallel.slab import Layout, Rows, Slabs, cut

log = logging.getLogger("headwater.data")

_TASK_S = 0.008  # long enough that handing over (50 us) vanishes, short enough that the last ones end together
_MOST_CALLS = 128
_MOST_ROWS = 8_192
_HUNG_S = 60.0
# A wait that is shorter tells nothing: threads take as long to wake up.
_STARVED_S = 0.0005


@dataclass(slots=True)
class Group:
    """Blocks under work that come out as one, and the state from which they can be had again."""

    before: State
    rows: Rows | None = None
    num_rows: int = 0
    parts: list[Future[Made]] = field(default_factory=list)


class Ahead:
    """A cursor whose blocks are made by `hands` while earlier ones are used.

    Its state is that before the oldest block not given, so what is under way enters no checkpoint; `before` is
    the state before the last one given. Unless `deterministic`, what is ready first is given first. With
    `stacked`, rows that are wide and alike are written straight into memory of as many rows as are asked for.
    """

    def __init__(
        self,
        source: Numbered,
        hands: Hands,
        *,
        cores: int,
        ahead_bytes: int,
        row_s: float,
        stacked: bool,
        deterministic: bool,
    ) -> None:
        self._source = source
        self._hands = hands
        self._cores = cores
        self._ahead_bytes = ahead_bytes
        self._stacked = stacked
        self._deterministic = deterministic
        self.before: State = source.state()
        self._slabs: Slabs | None = None
        self._groups: deque[Group] = deque()
        self._held = 0
        self._row_s = row_s
        self._row_bytes = 0.0
        self._ended = False
        self._failure: Exception | None = None
        self._since = (time.perf_counter(), time.process_time())

    def next(self, limit: int) -> Block | None:
        """The next block, once it is ready; one of which nothing is left is passed over."""
        while True:
            self._fill(limit)
            if not self._groups:
                if self._failure is not None:
                    raise self._failure
                return None
            at = 0 if self._deterministic else self._first_ready()
            before = self._state_with_first(at)
            group = self._groups[at]
            parts = [self._result(part) for part in group.parts]
            del self._groups[at]
            self._held -= group.num_rows
            block = _joined(group, parts)
            self._learn(block, group, sum(part.wall_s for part in parts))
            if len(block):
                self.before = before
                return block

    def state(self) -> State:
        """From where all blocks come that were not given."""
        return self._state_with_first(0) if self._groups else self._source.state()

    def _state_with_first(self, at: int) -> State:
        """The same, where group number `at` is to come first."""
        if self._deterministic:
            return self._groups[0].before
        groups = [self._groups[at], *(group for number, group in enumerate(self._groups) if number != at)]
        return {"again": [[group.before, group.num_rows] for group in groups], "rest": self._source.state()}

    def _first_ready(self) -> int:
        """The first group that is ready; wait for one if none is."""
        while True:
            for at, group in enumerate(self._groups):
                if all(part.done() for part in group.parts):
                    return at
            wait(
                [part for group in self._groups for part in group.parts if not part.done()],
                None,
                FIRST_COMPLETED,
            )

    def close(self) -> None:
        """Drop what has not begun, wait for what has, and close the input."""
        parts = [part for group in self._groups for part in group.parts]
        wait([part for part in parts if not part.cancel()])
        self._hands.close()
        self._source.close()
        self._ended = True

    def _fill(self, limit: int) -> None:
        """Hand over blocks until enough are under way: twice what is worked on, and twice what is asked for."""
        rows = max(1, min(_MOST_ROWS, int(_TASK_S / max(self._row_s, 1e-9))))
        while not self._ended and self._wants(limit, rows):
            group = Group(self._source.state())
            if self._slabs is not None:
                group.rows = self._slabs.take(limit)
            self._hand_over(group, rows if group.rows is None else limit, rows)
            if group.parts:
                self._groups.append(group)
                self._held += group.num_rows

    def _hand_over(self, group: Group, whole: int, rows: int) -> None:
        """Fill a group with blocks from the input, in tasks of `rows`."""
        while group.num_rows < whole:
            number = self._source.at
            try:
                block = self._source.next(min(rows, whole - group.num_rows))
            except Exception as error:  # noqa: BLE001 - raised when its turn comes, after what came before it
                self._failure = error
                block = None
            if block is None:
                self._ended = True
                return
            start, group.num_rows = group.num_rows, group.num_rows + len(block)
            into = None if group.rows is None else cut(group.rows, start, group.num_rows)
            group.parts.append(self._hands.submit(block, number, into))

    def _wants(self, limit: int, rows: int) -> bool:
        num_tasks = sum(len(group.parts) for group in self._groups)
        if num_tasks < self._hands.most:
            return True
        if (self._held + rows) * self._row_bytes > self._ahead_bytes:
            return False
        return num_tasks < 2 * self._hands.most or self._held < 2 * limit

    def _result(self, part: Future[Made]) -> Made:
        if part.done():
            return part.result()
        start_s = time.perf_counter()
        while not wait([part], _HUNG_S).done:
            log.warning("waiting for %d s: %s", time.perf_counter() - start_s, self._hands.whereabouts())
        made = part.result()
        if time.perf_counter() - start_s > _STARVED_S and made.cpu_s < 0.5 * made.wall_s:
            self._widen()
        return made

    def _widen(self) -> None:
        """The consumer waits for calls that wait: if the cores are free meanwhile, more calls at once help."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        past_s, used_s = wall_s - self._since[0], cpu_s - self._since[1]
        if used_s < 0.6 * self._cores * past_s and self._hands.most < _MOST_CALLS:
            self._hands.most *= 2
        self._since = (wall_s, cpu_s)

    def _learn(self, block: Block, group: Group, seconds: float) -> None:
        self._row_s += 0.3 * (seconds / group.num_rows - self._row_s)
        self._row_bytes = max(block.size_bytes() / group.num_rows, 0.9 * self._row_bytes)
        if self._stacked and self._slabs is None and len(block):
            layout = Layout.of(block)
            self._slabs = Slabs(layout) if layout else None
            self._stacked = layout is not None


def _joined(group: Group, parts: list[Made]) -> Block:
    """One block of all parts; parts that were written into one slab are there already."""
    blocks = [part.block for part in parts if len(part.block)] or [parts[0].block]
    if len(blocks) == 1:
        return blocks[0]
    if not all(isinstance(block, Columns) for block in blocks):
        return Items.join([Items(block.elements(), block.positions) for block in blocks])
    columns = [block for block in blocks if isinstance(block, Columns)]
    written = _written(group, columns)
    rest = [
        Columns(
            {name: column for name, column in block.columns.items() if name not in written}, block.positions
        )
        for block in columns
    ]
    joined = join(rest)
    assert isinstance(joined, Columns)  # noqa: S101 - joined from Columns
    names = columns[0].columns
    return Columns({name: written.get(name, joined.columns.get(name)) for name in names}, joined.positions)


def _written(group: Group, blocks: list[Columns]) -> Rows:
    """The columns that all parts wrote into the group's slab."""
    if group.rows is None:
        return {}
    whole = cut(group.rows, 0, group.num_rows)
    for name, array in whole.items():
        if any(block.columns.get(name) is None or not _shares(block.columns[name], array) for block in blocks):
            return {}
    return whole


def _shares(column: object, array: object) -> bool:
    """Whether a column lies in the slab that `array` is cut from."""
    return getattr(column, "base", None) is getattr(array, "base", array)
