"""One inner dataset at work: what was read and not used yet, and the state from which that comes again."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable
from typing import Any, Protocol

from headwater.data.block import Block
from headwater.data.cursor import Cursor, State, later
from headwater.data.pace import Pace


class AsyncCursor(Protocol):
    """A cursor whose elements are awaited."""

    settled: Cursor | None
    """The plain cursor to go on with, once awaiting has shown that there is one."""

    def next(self, limit: int) -> Awaitable[Block | None]:
        """As that of a `Cursor`; None too once it is settled."""
        ...

    def state(self) -> State | None:
        """As that of a `Cursor`; None at the beginning, when nobody knows yet what it will be the state of."""
        ...

    def aclose(self) -> Awaitable[None]:
        """Let go of what is open."""
        ...


class Task(Protocol):
    """What a lane is opened from: a file, or what a function makes of an element."""

    start: State | None
    """From where it is read; None for its beginning."""

    mark: Any
    """The place of the task among those of its `Upcoming`."""

    def open(self) -> Cursor | AsyncCursor:
        """Called in any thread, before its turn, or never."""
        ...

    def failed(self, error: Exception, at: int) -> Exception:
        """The error for the user, who is told what was open and how many elements had come of it."""
        ...


class Lane:
    """Blocks of one inner dataset. Only its team changes it, one thread at a time."""

    __slots__ = (
        "_after",
        "_used",
        "busy",
        "cursor",
        "ended",
        "error",
        "given",
        "held",
        "pace",
        "pieces",
        "size_bytes",
        "task",
        "waits",
    )

    def __init__(self, task: Task) -> None:
        self.task = task
        self.cursor: Cursor | None = None
        self.waits: AsyncCursor | None = None
        self.pieces: deque[tuple[State | None, Block]] = deque()
        self.held = 0
        self.size_bytes = 0
        self.busy = False
        self.ended = False
        self.error: BaseException | None = None
        self.pace: Pace | None = None
        self.given = 0
        self._used = 0
        self._after: State | None = task.start

    @property
    def at_hand(self) -> int:
        """How many elements `give` can give at once: the rest of the oldest block."""
        return len(self.pieces[0][1]) - self._used if self.pieces else 0

    def open(self) -> None:
        """Call what makes the cursor."""
        opened = self.task.open()
        if hasattr(opened, "aclose"):
            self.waits = opened  # type: ignore[assignment]  # only that one has it
        else:
            self.cursor = opened
        self._after = opened.state()

    def settle(self, cursor: Cursor) -> None:
        """What was awaited has turned out to be a plain cursor."""
        self.cursor, self.waits = cursor, None
        self._after = cursor.state()

    def read(self, limit: int) -> Block | None:
        """Ask the open cursor for a block."""
        assert self.cursor is not None  # noqa: S101 - opened before
        return self.cursor.next(limit)

    def add(self, block: Block | None) -> int:
        """Keep what was read; return its bytes."""
        if block is None:
            self.ended = True
            return 0
        source = self.cursor or self.waits
        assert source is not None  # noqa: S101 - a block came from it
        before, self._after = self._after, source.state()
        size_bytes = block.size_bytes()
        # The piece appears last: whoever finds none may use the state found before looking.
        self.held += len(block)
        self.size_bytes += size_bytes
        self.pieces.append((before, block))
        return size_bytes

    def give(self, limit: int) -> tuple[Block, int]:
        """At most `limit` elements of the oldest block, and the bytes that are free now."""
        _, block = self.pieces[0]
        count = min(limit, len(block) - self._used)
        self.held -= count
        self.given += count
        if count < len(block) - self._used:
            part = block.slice(self._used, self._used + count)
            self._used += count
            return part, 0
        part = block.slice(self._used, self._used + count) if self._used else block
        self.pieces.popleft()
        self._used = 0
        size_bytes = block.size_bytes()
        self.size_bytes -= size_bytes
        return part, size_bytes

    def state(self) -> State | None:
        """From where everything comes that was not given; None for the beginning."""
        after = self._after
        if not self.pieces:
            return after
        before = self.pieces[0][0]
        return (
            {"from": None, "skip": self._used} if before is None and self._used else _later(before, self._used)
        )


def _later(before: State | None, used: int) -> State | None:
    return before if before is None else later(before, used)
