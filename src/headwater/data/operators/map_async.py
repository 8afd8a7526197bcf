"""An async function of one element: hundreds of calls wait at the same time, on one thread."""

from __future__ import annotations

import asyncio
import inspect
import threading
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.data.asynchronous import Loop
from headwater.data.block import Block, Items
from headwater.data.chain import Step, Stepwise
from headwater.data.cursor import Cursor, Env, State, later, resume
from headwater.data.function import Function
from headwater.data.operators.calling import carried, locate
from headwater.data.operators.map import KEEP

# Servers bear fewer connections than an event loop; so many hide 250 ms at 1,000 elements a second.
_MOST_CALLS = 256


def is_async(function: Callable[..., Any]) -> bool:
    """Whether a call gives something to await."""
    method = getattr(type(function), "__call__", None)  # noqa: B004 - an object that is called as a function
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(method)


@dataclass(frozen=True, eq=False)
class MapAsync(Stepwise):
    """What `function` makes of each element, in order; names in `keep` are carried along as in `map`."""

    operator: ClassVar[str] = "map"
    alone: ClassVar[bool] = True
    portable: ClassVar[bool] = False
    function: Function
    keep: tuple[str, ...] = KEEP

    @property
    def random_access(self) -> bool:
        """As the input: element i depends on element i alone."""
        return self.input.random_access

    def step(self) -> Step:
        """Not used: calls of several blocks wait at once."""
        raise NotImplementedError

    def open_stacked(self, env: Env, state: State | None, *, stacked: bool) -> Cursor:
        """Go on with the element where the state stands."""
        del stacked
        return MapAsyncCursor(self, resume(self.input, env, state["input"] if state else None), env)

    def finish(self, element: Any, result: Any) -> Any:
        """The result with what it lacks of the names to keep."""
        if isinstance(element, Mapping) and isinstance(result, Mapping):
            return carried(element, result, self.keep)
        return result


class Calls:
    """The calls for one block; results are put down on the loop's thread."""

    def __init__(self, function: Function, before: State, block: Items) -> None:
        self.before = before
        self.block = block
        self.given = 0
        self.results: list[Any] = [_NOT_YET] * len(block)
        self.landed = threading.Condition()
        self._call = function.call
        self._awaited = -1

    async def run(self) -> None:
        """Make all calls at once."""
        await asyncio.gather(*(self._one(at, element) for at, element in enumerate(self.block.values)))

    async def _one(self, at: int, element: Any) -> None:
        try:
            result = await self._call(element)
        except Exception as error:  # noqa: BLE001 - raised when its turn comes
            result = Failure(error)
        except asyncio.CancelledError:  # by the function itself, or because nobody asks any more
            result = Failure(RuntimeError("its task was cancelled"))
        self.results[at] = result
        if at == self._awaited:
            with self.landed:
                self.landed.notify()

    def wait(self) -> Any:
        """Wait for the next result."""
        at = self._awaited = self.given
        with self.landed:
            while self.results[at] is _NOT_YET:
                self.landed.wait()
        return self.results[at]

    def num_ready(self, limit: int) -> int:
        """How many results can be given at once, the next one being one of them."""
        stop = self.given
        while stop < min(len(self.results), self.given + limit):
            if self.results[stop] is _NOT_YET or isinstance(self.results[stop], Failure):
                break
            stop += 1
        return stop - self.given


@dataclass
class Failure:
    """What a call raised."""

    error: Exception


_NOT_YET = object()


class MapAsyncCursor:
    """State: the input's before the oldest element that was not given. Calls under way are made again."""

    def __init__(self, node: MapAsync, source: Cursor, env: Env) -> None:
        self._node = node
        self._source = source
        self._env = env
        self._calls: deque[Calls] = deque()
        self._pending = 0
        self._portion = 1
        self._loop: Loop | None = None
        self._ended = False
        self._failure: Exception | None = None

    def next(self, limit: int) -> Block | None:
        """The oldest results, as soon as they are there."""
        while True:
            self._call_ahead()
            if not self._calls:
                if self._failure is not None:
                    raise self._failure
                self._release()
                return None
            block = self._oldest(limit)
            if block is not None:
                return block

    def state(self) -> State:
        """The input's, one level down: where errors are passed over, it counts other elements."""
        if not self._calls:
            return {"input": self._source.state()}
        oldest = self._calls[0]
        return {"input": later(oldest.before, oldest.given)}

    def close(self) -> None:
        """Cancel the calls under way."""
        self._ended = True
        self._release()
        self._source.close()

    def _release(self) -> None:
        if self._loop is not None:
            self._loop.close()

    def _call_ahead(self) -> None:
        """Begin calls until enough are under way, or the oldest is done: a slow input must not keep it back."""
        while not self._ended and self._pending < _MOST_CALLS:
            before = self._source.state()
            try:
                block = self._source.next(min(self._portion, _MOST_CALLS - self._pending))
            except Exception as error:  # noqa: BLE001 - raised when its turn comes, after what came before it
                self._failure, self._ended = error, True
                return
            if block is None:
                self._ended = True
                return
            self._portion = min(_MOST_CALLS, 2 * self._portion)
            self._begin(Calls(self._node.function, before, Items(block.elements(), block.positions)))
            if self._calls[0].results[self._calls[0].given] is not _NOT_YET:
                return

    def _begin(self, calls: Calls) -> None:
        if self._loop is None:
            self._loop = Loop()
            weakref.finalize(self, self._loop.close)
        self._calls.append(calls)
        self._pending += len(calls.results)
        self._loop.start(calls.run())

    def _oldest(self, limit: int) -> Block | None:
        """Results of the oldest block; None if the first of them was an error that is passed over."""
        calls = self._calls[0]
        first = calls.wait()
        start = calls.given
        count = 1 if isinstance(first, Failure) else calls.num_ready(limit)
        if isinstance(first, Failure):
            at = locate(calls.block, start)
            told = self._node.function.failed(self._node.operator, first.error, at)
            self._env.pass_over(told, cause=first.error)
        calls.given += count
        self._pending -= count
        if calls.given == len(calls.results):
            self._calls.popleft()
        if isinstance(first, Failure):
            return None
        stop = start + count
        given = zip(calls.block.values[start:stop], calls.results[start:stop])
        values = [self._node.finish(element, result) for element, result in given]
        return Items(values, np.asarray(calls.block.positions[start:stop]))
