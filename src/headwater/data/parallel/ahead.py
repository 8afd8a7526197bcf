"""Blocks on their way through other hands, in order: the first that went in is the first to come out."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from headwater.data.block import Block
from headwater.data.cursor import State
from headwater.data.live import Live, told
from headwater.data.parallel.feed import Numbered
from headwater.data.parallel.group import Group, Past, joined
from headwater.data.parallel.hands import Hands, Made
from headwater.data.parallel.judge import MOST_ROWS
from headwater.data.parallel.slab import Layout, Slabs, cut
from headwater.data.parallel.width import Width

log = logging.getLogger("headwater.data")

_TASK_S = 0.008  # long enough that handing over (50 us) vanishes, short enough that the last ones end together
_HUNG_S = 60.0
# A wait that is shorter tells nothing: threads take as long to wake up.
_STARVED_S = 0.0005


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
        layout: Layout | None = None,
    ) -> None:
        self._source = source
        self._hands = hands
        self._ahead_bytes = ahead_bytes
        self._stacked = stacked
        self._deterministic = deterministic
        self._past = Past()
        self._lock = (
            threading.Lock()
        )  # states are told in the consumer's thread, blocks may be asked for in another
        self.before: State = {}
        self._slabs = Slabs(layout) if stacked and layout is not None else None
        self._groups: deque[Group] = deque()
        self._held = 0
        self._whole = 0
        self._row_s = row_s
        self._row_bytes = 0.0
        self._ended = False
        self._failure: Exception | None = None
        self._width = Width(cores)

    def next(self, limit: int) -> Block | None:
        """The next block, once it is ready; one of which nothing is left is passed over."""
        while True:
            with self._lock:
                self._fill(limit)
                before = self.state()
            if not self._groups:
                if self._failure is not None:
                    raise self._failure
                return None
            at = 0 if self._deterministic else self._first_ready()
            group = self._groups[at]
            parts = [self._result(part) for part in group.parts]
            with self._lock:
                del self._groups[at]
                self._past = self._past.append(group.pieces)
            self._held -= group.num_rows
            block = joined(group, parts)
            self._learn(block, group, sum(part.wall_s for part in parts))
            if len(block):
                self.before = before
                return block

    def state(self) -> State:
        """From where all blocks come that were not given."""
        if not self._deterministic:
            return Live(partial(self._since, self._past))
        return self._groups[0].before if self._groups else self._source.state()

    def _since(self, past: Past) -> State:
        """What was given after `past`, in that order, then what is under way, then the rest."""
        with self._lock:
            under_way = [piece for group in self._groups for piece in group.pieces]
            settled = [piece for group in self._groups if group.ordered for piece in group.pieces]
            again = [*past.later(), *under_way]
            num_ordered = len(again) - len(under_way) + len(settled)
            rest = told(self._source.state())
        level = self._source.level
        if rest.get("level") == level:  # not all that was restored is under way yet
            again, num_ordered = [*again, *rest["again"]], num_ordered + rest["ordered"]
            rest = rest["rest"]
        return {"again": again, "ordered": num_ordered, "rest": rest, "level": level} if again else rest

    def _first_ready(self) -> int:
        """The first group that is ready; wait for one if none is."""
        while True:
            if self._groups[0].ordered:
                return 0
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
        rows = self._rows_per_task()
        self._whole = max(self._whole, limit)
        while not self._ended and self._wants(limit, rows):
            group, whole = Group(self._source.state()), rows
            if self._slabs is not None:
                # What is missing of a batch that was begun, then whole batches: so no batch is of two groups.
                whole = limit - self._held if self._held < limit else self._whole
                group.rows = self._slabs.take(whole)
            self._hand_over(group, whole, rows)
            if group.parts:
                self._groups.append(group)
                self._held += group.num_rows

    def _rows_per_task(self) -> int:
        """As many as are worth handing over, and no more than there is memory for."""
        room = self._ahead_bytes / (2 * self._hands.most * max(self._row_bytes, 1.0))
        return max(1, min(MOST_ROWS, int(_TASK_S / max(self._row_s, 1e-9)), int(room)))

    def _hand_over(self, group: Group, whole: int, rows: int) -> None:
        """Fill a group with blocks from the input, in tasks of `rows`."""
        while group.num_rows < whole:
            number, place = self._source.at, None if self._deterministic else self._source.place()
            group.ordered = group.ordered or self._source.ordered
            try:
                block = self._source.next(min(rows, whole - group.num_rows))
            except Exception as error:  # noqa: BLE001 - raised when its turn comes, after what came before it
                self._failure = error
                block = None
            if block is None:
                self._ended = True
                return
            start, group.num_rows = group.num_rows, group.num_rows + len(block)
            group.pieces.append([place, len(block)])
            into = None if group.rows is None else cut(group.rows, start, group.num_rows)
            group.parts.append(self._hands.submit(block, number, into))

    def _wants(self, limit: int, rows: int) -> bool:
        num_tasks = sum(len(group.parts) for group in self._groups)
        if num_tasks == 0:
            return True
        if self._row_bytes == 0:  # nobody knows yet how large they will be
            return num_tasks < self._hands.most
        if (self._held + rows) * self._row_bytes > self._ahead_bytes:
            return False
        return num_tasks < 2 * self._hands.most or self._held < 2 * limit

    def _result(self, part: Future[Made]) -> Made:
        start_s = time.perf_counter()
        while not part.done() and not wait([part], _HUNG_S).done:
            log.warning("waiting for %d s: %s", time.perf_counter() - start_s, self._hands.whereabouts())
        made = part.result()
        starved = time.perf_counter() - start_s > _STARVED_S
        if self._width.observe(made, most=self._hands.most, starved=starved):
            self._hands.most *= 2
        return made

    def _learn(self, block: Block, group: Group, seconds: float) -> None:
        self._row_s += 0.3 * (seconds / group.num_rows - self._row_s)
        self._row_bytes = max(block.size_bytes() / group.num_rows, 0.9 * self._row_bytes)
        if self._stacked and self._slabs is None and len(block):
            layout = Layout.of(block)
            self._slabs = Slabs(layout) if layout else None
            self._stacked = layout is not None
