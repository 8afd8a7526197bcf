"""Keep elements when they are first made, and read them from there on.

What is kept is named by the fingerprint of the graph before the cache, which holds data, code and seed: change
one of them and it is another cache. A cache need not be drained to be of use: chunks are kept as they are
made, each with the state of the input behind it, and whoever comes to its end goes on from there.

The elements are those that the graph before the cache gives when it is run alone, in epoch 0: a shuffle before
it draws one order for all epochs and all branches; one after it, as always, another each time.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.digest import digest_of
from headwater.core.errors import DataError, HeadwaterError
from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, Env, Opened, State, resume
from headwater.data.graph import Graph, Node, Unary, setting
from headwater.data.store.chunk import Chunk
from headwater.data.store.columns import NotStorableError
from headwater.data.store.folder import COMPRESSIONS, Folder
from headwater.data.store.frozen import frozen
from headwater.data.store.memory import Memories, Memory
from headwater.data.store.place import CHUNK_BYTES, Place

_MOST_ROWS = 65_536
_MOST_S = 10.0  # what a killed run has to make again at most


@dataclass(frozen=True, eq=False)
class Cache(Unary):
    """The same elements, kept in memory or in a folder; their arrays are read-only.

    Below `folder` each graph has a folder of its own, unless `keyed` is off. `written` is the input before any
    rewrite, which names what is kept.
    """

    operator: ClassVar[str] = "cache"
    folder: Path | None = setting(None)  # noqa: RUF009 - as dataclasses.field
    limit_bytes: int | None = setting(None)
    compression: str | None = setting(None)
    keyed: bool = setting(True)
    written: Node | None = setting(None)  # noqa: RUF009
    memories: Memories | None = setting(None)  # noqa: RUF009

    def __post_init__(self) -> None:
        if self.limit_bytes is not None and self.limit_bytes < 0:
            raise DataError("the limit is negative.", where=f".{self.label}")
        if self.compression not in COMPRESSIONS:
            raise DataError(
                f"compression={self.compression!r} is not known.", where=".cache", remedy="Use 'lz4' or 'zstd'."
            )
        if self.compression and self.folder is None:
            raise DataError(
                "memory is not compressed.", where=f".{self.label}", remedy="Give a folder, or leave it out."
            )
        object.__setattr__(self, "written", self.written or self.input)
        object.__setattr__(self, "memories", self.memories or Memories(self.limit_bytes))

    @property
    def label(self) -> str:
        """Where and how it keeps."""
        chosen = {"limit_bytes": self.limit_bytes, "compression": self.compression}
        folder = [] if self.folder is None else [repr(str(self.folder))]
        return (
            f"cache({', '.join(folder + [f'{name}={it!r}' for name, it in chosen.items() if it is not None])})"
        )

    def open(self, env: Env, state: State | None) -> Cursor:
        """Read what is kept and make what is not."""
        alone = replace(env, epochs=(0,), branch=(), options=replace(env.options, deterministic=True))
        place = self.place(env.seed, ignoring=env.ignoring is not None)
        return CacheCursor(self.input, place, alone, state, label=self.label)

    def place(self, seed: int, *, ignoring: bool = False) -> Memory | Folder:
        """Where the elements are kept for this seed; without those that cannot be made, if `ignoring`."""
        assert self.written is not None and self.memories is not None  # noqa: S101, PT018 - __post_init__ saw to it
        key = Graph(self.written, seed).fingerprint
        if ignoring:
            key = digest_of(key, "ignoring errors")
        if self.folder is None:
            return self.memories.of(key)
        about: dict[str, Any] = {"key": key, "depth": self.depth, "graph": str(self.written_graph).splitlines()}
        path = self.folder / key if self.keyed else self.folder
        return Folder(path, about=about, compression=self.compression, limit_bytes=self.limit_bytes)

    @property
    def written_graph(self) -> Graph:
        """The graph that is kept, without its seed."""
        return Graph(self.written or self.input)


class CacheCursor:
    """State: the number of the next element, and a known state of the input with the number it stands at.

    Either a chunk is read, or the input is open and what it gives is gathered for a chunk.
    """

    def __init__(self, input_: Opened, place: Place, env: Env, state: State | None, *, label: str) -> None:
        self._input = input_
        self._place = place
        self._env = env
        self._label = label
        self._at: int = state["at"] if state else 0
        self._known: tuple[int, State | None] = (state["start"], state["input"]) if state else (0, None)
        self._chunk: Chunk | None = None
        self._source: Cursor | None = None
        self._made: list[Block] = []
        self._first, self._before = self._known
        self._after: State = {}
        self._room: int | None = None
        self._size_bytes = 0
        self._start_s = 0.0
        self._closed = False

    def next(self, limit: int) -> Block | None:
        """What is kept; else the input's, as far as the next chunk that is kept."""
        chunk = self._kept()
        if chunk is None:
            return None if self._place.end == self._at else self._make(limit)
        used = self._at - chunk.start
        block = chunk.block.slice(used, used + limit)
        self._at += len(block)
        if self._at == chunk.stop:
            self._known = (self._at, chunk.after)
        return block

    def state(self) -> State:
        """Two numbers and a state of the input."""
        start, known = self._known
        return {"at": self._at, "start": start, "input": known}

    def close(self) -> None:
        """Keep what was made so far, let the input go, and let others write."""
        if self._closed:
            return
        self._closed = True
        self._let_go()
        self._place.close()

    def __del__(self) -> None:
        # A loop that is left half-way drops its run without closing it; what it made is worth keeping.
        if not sys.is_finalizing() and hasattr(self, "_closed"):
            self.close()

    def _kept(self) -> Chunk | None:
        if self._chunk is not None and self._at < self._chunk.stop:
            return self._chunk
        if self._made:  # it goes on until the chunk is full or meets the next
            return None
        self._chunk = self._place.find(self._at)
        if self._chunk is not None:
            self._stop_making()
            self._known = (self._chunk.start, self._chunk.before)
        return self._chunk

    def _make(self, limit: int) -> Block | None:
        source = self._source or self._open()
        if not self._made:
            self._begin(source)
        try:
            block = source.next(limit if self._room is None else min(limit, self._room))
        except BaseException:
            self._let_go()
            raise
        if block is None:
            self._keep()
            self._place.finish(self._at)
            return None
        # Not asked for when a chunk is kept: an error in between may leave the input behind its element.
        self._after = source.state()
        self._gather(block)
        self._at += len(block)
        self._known = (self._at, self._after)
        return frozen(block)

    def _begin(self, source: Cursor) -> None:
        """Begin a chunk at the next element."""
        self._first, self._before = self._at, source.state()
        self._room = self._place.gap(self._at)
        self._size_bytes = 0
        self._start_s = self._env.clock.monotonic()

    def _gather(self, block: Block) -> None:
        """Add to the chunk, and keep it if it is large or old enough, or meets the next."""
        if not self._made:
            self._admit(block)
        self._made.append(frozen(block))
        self._size_bytes += block.size_bytes()
        if self._room is not None:
            self._room -= len(block)
        rows = self._at + len(block) - self._first
        age_s = self._env.clock.monotonic() - self._start_s
        if self._size_bytes >= CHUNK_BYTES or rows >= _MOST_ROWS or self._room == 0 or age_s > _MOST_S:
            self._keep()

    def _keep(self) -> None:
        if not self._made:
            return
        made, self._made = self._made, []
        try:
            self._place.put(Chunk(self._first, join(made), self._before, self._after))
        except BaseException:
            self._stop_making()  # the input is ahead of what was given: open it anew
            raise

    def _admit(self, block: Block) -> None:
        try:
            self._place.admit(block)
        except NotStorableError as error:
            raise NotStorableError(error.problem, where=f".{self._label}", remedy=error.remedy) from None

    def _open(self) -> Cursor:
        """The input at the next element: from the nearest state that is known, else from its beginning."""
        start, known = self._known
        try:
            source = resume(self._input, self._env, known)
        except (KeyError, TypeError, AttributeError):  # kept by a version whose states were others
            start, source = 0, self._input.open(self._env, None)
        while start < self._at and (block := source.next(self._at - start)) is not None:
            start += len(block)
        self._source = source
        return source

    def _let_go(self) -> None:
        with contextlib.suppress(HeadwaterError, OSError):  # nothing given is lost if it is not kept
            self._keep()
        self._stop_making()

    def _stop_making(self) -> None:
        self._made = []
        if self._source is not None:
            self._source.close()
            self._source = None
