"""What a Python generator gives; a place in it is reached by running it again from its beginning."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, ClassVar

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import DataError
from headwater.data.block import Block, Items
from headwater.data.cursor import Cursor, Env, State
from headwater.data.function import Function
from headwater.data.graph import Count, Node

# Elements passed over at once on the way to a state.
_PASSED = 4_096


@dataclass(frozen=True, eq=False)
class FromGenerator(Node):
    """The elements of what ``function(*args)`` returns, called anew for each run."""

    operator: ClassVar[str] = "from_generator"
    function: Function
    args: tuple[Any, ...] = ()

    @property
    def cardinality(self) -> Count:
        """Known when it has ended."""
        return None

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The function's code, and the arguments as far as they are plain values."""
        return {"function": self.function.fingerprint, "args": digest_of([_plain(one) for one in self.args])}

    @property
    def label(self) -> str:
        """The function's name and the arguments."""
        return f"{self.operator}({', '.join([self.function.name, *map(_shown, self.args)])})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Call the function; a state is reached by passing over as many elements."""
        return GeneratorCursor(self, env, int(state["count"]) if state else 0)


class GeneratorCursor:
    """State: how many elements were given."""

    def __init__(self, node: FromGenerator, env: Env, count: int) -> None:
        self._node = node
        self._env = env
        self._count = 0
        self._behind = count
        self._elements: Iterator[Any] | None = None
        self._failure: Exception | None = None

    def next(self, limit: int) -> Block | None:
        """The next elements; those before an error come before the error."""
        while self._behind > 0 and (passed := self._take(min(self._behind, _PASSED))):
            self._behind -= len(passed)
        first, values = self._count, self._take(limit)
        return Items(values, np.arange(first, first + len(values), dtype=np.int64)) if values else None

    def state(self) -> State:
        """One number."""
        return {"count": self._count + self._behind}

    def close(self) -> None:
        """End the generator, so that its ``finally`` runs."""
        elements, self._elements = self._elements, iter(())
        if isinstance(elements, Generator):
            elements.close()

    def _take(self, limit: int) -> list[Any]:
        values: list[Any] = []
        if self._failure is None:
            try:
                if self._elements is None:
                    self._elements = self._start()
                # extend() keeps what came before an error.
                values.extend(islice(self._elements, limit))
            except Exception as error:  # noqa: BLE001 - raised again once the elements before it are given
                self._failure = self._failed(self._count + len(values), error)
        self._count += len(values)
        if self._failure is not None and not values:
            raise self._failure
        return values

    def _start(self) -> Iterator[Any]:
        found = self._node.function.call(*self._node.args)
        try:
            return iter(found)
        except TypeError:
            raise DataError(
                f"the function returned a {type(found).__name__}, which gives no elements.",
                where=f"data.{self._node.label}",
                remedy="Use yield in it, or let it return a list or an iterator.",
            ) from None

    def _failed(self, at: int, error: Exception) -> DataError:
        if isinstance(error, DataError):
            return error
        function = self._node.function
        failure = function.failed(self._node.operator, error, f"element {at:,}")
        found = DataError(
            failure.problem,
            where=failure.where.replace(".from_generator", "data.from_generator", 1),
            remedy="Mend the function; a generator cannot go on behind an error of its own.",
        )
        found.__cause__ = error
        return found


def _plain(value: Any) -> Any:
    """A JSON value for an argument: itself, a digest of an array, a function's fingerprint, else its type."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return [[str(name), _plain(one)] for name, one in value.items()]
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return ["array", digest_of(value)]
    if isinstance(value, bytes):
        return ["bytes", digest_of(value)]
    return (
        Function(value).fingerprint if callable(value) else [type(value).__module__, type(value).__qualname__]
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 24 else type(value).__name__
