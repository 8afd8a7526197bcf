"""What a function returned for an element, as a cursor: a dataset, an iterable, or something to await."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns, Items
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Graph
from headwater.data.lanes.lane import AsyncCursor
from headwater.data.origin import in_a_file

_REMEDY = "Return a dataset, a list, an iterator, or write the function as a generator; [] for no elements."


def open_inner(result: Any, env: Env, number: int, state: State | None, position: int) -> Cursor | AsyncCursor:
    """Open what a function returned at `state` for element `number`, which has `position`.

    An inner dataset's own seed counts, 0 being the seed of those that were given none; its rows keep the
    positions that name a file. Raised for anything else than a dataset, an iterable, or an async form of them:
    `DataError`.
    """
    graph = getattr(result, "graph", None)
    if isinstance(graph, Graph):
        inside = replace(env, seed=graph.seed or env.seed, branch=(*env.branch, number))
        return Placed(resume(env.rewrite(graph.root), inside, state), position)
    if inspect.isawaitable(result) or hasattr(result, "__aiter__"):
        return Awaited(result, env, number, state, position)
    if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
        raise DataError(f"it returned a {type(result).__name__}, which holds no elements.", remedy=_REMEDY)
    return Iterated(result, _count(state), position)


class Placed:
    """A cursor whose elements take the position of the element they come from, where theirs names no file."""

    def __init__(self, source: Cursor, position: int) -> None:
        self._source = source
        self._position = position
        self.state = source.state
        self.close = source.close

    def next(self, limit: int) -> Block | None:
        """As the source, with other positions."""
        block = self._source.next(limit)
        if block is None or in_a_file(int(block.positions[0])):
            return block
        positions = np.full(len(block), self._position, np.int64)
        if isinstance(block, Columns):
            return Columns(block.columns, positions)
        return Items(block.values, positions)


class Iterated:
    """The elements of an iterable. State: how many were given, so restoring passes over them."""

    def __init__(self, iterable: Iterable[Any], at: int, position: int) -> None:
        # An array of plain numbers gives Python's numbers, as an array in a dataset does.
        plain = isinstance(iterable, np.ndarray) and iterable.ndim == 1
        self._iterator: Iterator[Any] = iter(iterable.tolist() if plain else iterable)  # type: ignore[attr-defined]
        self._at = at
        self._position = position
        self._error: Exception | None = None
        next(islice(self._iterator, at, at), None)

    def next(self, limit: int) -> Block | None:
        """The next elements; those before an error come first."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        values: list[Any] = []
        try:
            values.extend(islice(self._iterator, limit))
        except Exception as error:
            if not values:
                raise
            self._error = error
        if not values:
            return None
        self._at += len(values)
        return Items(values, np.full(len(values), self._position, np.int64))

    def state(self) -> State:
        """One number."""
        return {"at": self._at}

    def close(self) -> None:
        """Let a generator clean up."""
        if inspect.isgenerator(self._iterator):
            self._iterator.close()


class Awaited:
    """The elements of an async iterable, or what an async function returns. State: as `Iterated`."""

    def __init__(self, result: Any, env: Env, number: int, state: State | None, position: int) -> None:
        self.settled: Cursor | None = None
        self._coming: Awaitable[Any] | None = result if inspect.isawaitable(result) else None
        self._iterator: AsyncIterator[Any] | None = None if self._coming is not None else aiter(result)
        self._env, self._number, self._start, self._position = env, number, state, position
        self._at = 0
        self._error: Exception | None = None

    async def next(self, limit: int) -> Block | None:
        """The next elements, awaited one after the other; those before an error come first."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        if self._coming is not None and not await self._arrived(self._coming):
            return None
        await self._skip()
        values: list[Any] = []
        try:
            while len(values) < limit and (value := await self._one()) is not _END:
                values.append(value)
        except Exception as error:
            if not values:
                raise
            self._error = error
        self._at += len(values)
        return Items(values, np.full(len(values), self._position, np.int64)) if values else None

    def state(self) -> State | None:
        """One number; before anything was awaited, from where it was to begin."""
        return {"at": self._at} if self._at else self._start

    async def aclose(self) -> None:
        """Let a generator clean up, and a coroutine that was never awaited go."""
        if inspect.iscoroutine(self._coming):
            self._coming.close()
        if inspect.isasyncgen(self._iterator):
            await self._iterator.aclose()

    async def _arrived(self, coming: Awaitable[Any]) -> bool:
        """Await what the function returns; whether it must be awaited further."""
        result = await coming
        self._coming = None
        if hasattr(result, "__aiter__"):
            self._iterator = aiter(result)
            return True
        opened = open_inner(result, self._env, self._number, self._start, self._position)
        self.settled = opened  # type: ignore[assignment]  # not awaitable twice: open_inner returns a Cursor
        return False

    async def _skip(self) -> None:
        skip = _count(self._start)
        while self._at < skip and await self._one() is not _END:
            self._at += 1
        self._start = None

    async def _one(self) -> Any:
        assert self._iterator is not None  # noqa: S101 - made by __init__ or _arrived
        return await anext(self._iterator, _END)


_END = object()


def first_of(opened: Cursor | AsyncCursor, start: State | None) -> int | None:
    """The number of the first element read; None for a dataset, whose errors say themselves where they are."""
    return _count(start) if isinstance(opened, Iterated | Awaited) else None


def _count(state: State | None) -> int:
    """How many elements a state stands after the beginning."""
    if state is None:
        return 0
    if "skip" in state:
        return _count(state["from"]) + int(state["skip"])
    return int(state["at"])
