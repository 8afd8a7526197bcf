"""What `dataset.save` wrote: any element by its number, or all in order while the writer is still at it."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import CorruptError, DataError
from headwater.core.spec import Column
from headwater.data.block import Block, Columns, Items, Positions, join
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node, setting
from headwater.data.sources.indexed import Indexed
from headwater.data.store.chunk import Chunk
from headwater.data.store.folder import Folder

# Chunks at hand for random access: mapped files cost nothing but a place in a table, others their whole size.
_MOST_CHUNKS = 64
_POLL_S = 0.1


class SavedError(DataError, CorruptError):
    """Raised when a file of a saved dataset is missing or damaged."""


@dataclass(frozen=True, eq=False)
class Saved(Indexed):
    """The `count` elements in `folder`; `key` is the fingerprint of the dataset that was saved."""

    operator: ClassVar[str] = "load"
    folder: Path = setting(None)  # noqa: RUF009 - as dataclasses.field
    key: str = ""
    count: int = 0
    batched: int = 0

    @property
    def num_rows(self) -> int:
        """How many were saved."""
        return self.count

    @property
    def depth(self) -> int:
        """How often the saved elements were batched."""
        return self.batched

    @property
    def label(self) -> str:
        """The folder."""
        return f"load({str(self.folder)!r})"

    @cached_property
    def columnar(self) -> bool:
        """Whether the saved blocks were columns."""
        return self.count == 0 or isinstance(self._chunk(0).block, Columns)

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Columns of the rows at `positions`."""
        found = self._at(positions)
        assert isinstance(found, Columns)  # noqa: S101 - `columnar` says so
        return found.columns

    def origins(self, positions: Positions) -> Positions:
        """File and row from which the elements were made."""
        return self._at(positions).positions

    def items(self, positions: Positions) -> Items:
        """The elements at `positions`."""
        found = self._at(positions)
        assert isinstance(found, Items)  # noqa: S101 - `columnar` says so
        return found

    def _at(self, positions: Positions) -> Block:
        # Rows and their origins are asked for one after the other, by the same thread.
        asked = getattr(self._newest, "asked", None)
        if asked is None or asked[0] is not positions:
            asked = self._newest.asked = (positions, self._read(positions))
        block: Block = asked[1]
        return block

    @cached_property
    def _newest(self) -> threading.local:
        return threading.local()

    def _read(self, positions: Positions) -> Block:
        starts, _ = self._parts
        where = np.searchsorted(starts, positions, side="right") - 1
        if where[0] == where[-1] and bool((where == where[0]).all()):
            return _picked(self._chunk(int(where[0])), positions)
        order = np.argsort(where, kind="stable")
        numbers, firsts = np.unique(where[order], return_index=True)
        groups = np.split(order, firsts[1:])
        parts = [_picked(self._chunk(int(number)), positions[group]) for number, group in zip(numbers, groups)]
        whole = join(parts)
        return whole if bool((np.diff(where) >= 0).all()) else whole.take(np.argsort(order))

    @cached_property
    def _parts(self) -> tuple[NDArray[np.int64], list[tuple[int, int]]]:
        """Where each part begins, and the file that holds it; files may overlap, never leave a gap."""
        starts, files, at = [], [], 0
        for pair in Folder(self.folder).pairs:
            if pair[0] <= at < pair[1]:
                starts.append(at)
                files.append(pair)
                at = pair[1]
        if at < self.count:
            raise damaged(self.folder, f"element {at:,} and those after it are not there")
        return np.array(starts, np.int64), files

    @cached_property
    def _chunk(self) -> Callable[[int], Chunk]:
        folder = Folder(self.folder)
        _, files = self._parts

        @functools.lru_cache(_MOST_CHUNKS)
        def read(number: int) -> Chunk:
            return read_chunk(folder, *files[number])

        return read


@dataclass(frozen=True, eq=False)
class Growing(Node):
    """The elements in `folder`, in order, also those that are still to be written.

    It waits as long as a process writes there, and `timeout_s` longer for one to go on.
    """

    operator: ClassVar[str] = "load"
    folder: Path = setting(None)  # noqa: RUF009
    key: str = ""
    batched: int = 0
    timeout_s: float = setting(60.0)

    @property
    def cardinality(self) -> Count:
        """Known when the last is written."""
        return Folder(self.folder).end

    @property
    def depth(self) -> int:
        """How often the saved elements were batched."""
        return self.batched

    @property
    def label(self) -> str:
        """The folder."""
        return f"load({str(self.folder)!r}, wait=True)"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with the first element, or where the state stands."""
        return GrowingCursor(self, env, state["at"] if state else 0)


class GrowingCursor:
    """State: the number of the next element."""

    def __init__(self, node: Growing, env: Env, at: int) -> None:
        self._node = node
        self._folder = Folder(node.folder)
        self._clock = env.clock
        self._at = at
        self._chunk: Chunk | None = None

    def next(self, limit: int) -> Block | None:
        """Elements of the chunk at hand, or of the next as soon as it is there."""
        if self._chunk is None or self._at >= self._chunk.stop:
            self._chunk = self._await()
            if self._chunk is None:
                return None
        used = self._at - self._chunk.start
        block = self._chunk.block.slice(used, used + limit)
        self._at += len(block)
        return block

    def state(self) -> State:
        """One number."""
        return {"at": self._at}

    def close(self) -> None:
        """Let the file go."""
        self._chunk = None

    def _await(self) -> Chunk | None:
        idle_s = 0.0
        while True:
            end = self._folder.end  # read before the files: what is complete has all of them
            self._folder.refresh()
            if (pair := self._folder.holding(self._at)) is not None:
                return read_chunk(self._folder, *pair)
            if end is not None:
                if self._at < end:
                    raise damaged(self._folder.path, f"element {self._at:,} is not there")
                return None
            idle_s = 0.0 if self._folder.is_written() else idle_s + _POLL_S
            if idle_s > self._node.timeout_s:
                raise self._abandoned()
            self._clock.sleep(_POLL_S)

    def _abandoned(self) -> DataError:
        return DataError(
            f"nobody has gone on writing for {self._node.timeout_s:g} s, after {self._at:,} elements.",
            where=str(self._folder.path),
            remedy="Run the save again: it goes on where it stopped.",
        )


def read_chunk(folder: Folder, start: int, stop: int) -> Chunk:
    """A chunk that must be there and whole.

    Raised: `SavedError`.
    """
    try:
        return folder.read(start, stop)
    except OSError as error:
        problem = str(error.strerror or error)
    except CorruptError as error:
        problem = error.problem.rstrip(".")
    raise damaged(folder.path_of(start, stop), problem)


def damaged(path: Path, problem: str) -> SavedError:
    """The error for a saved dataset that is not whole."""
    return SavedError(
        f"{problem}.",
        where=str(path),
        remedy="Save the dataset again into this folder: it makes what is missing.",
    )


def _picked(chunk: Chunk, positions: Any) -> Block:
    """Elements of a chunk, as a view where they follow each other."""
    at = positions - chunk.start
    if len(at) == at[-1] - at[0] + 1 and bool((np.diff(at) == 1).all()):
        return chunk.block.slice(int(at[0]), int(at[-1]) + 1)
    return chunk.block.take(at)
